// What a large library is asked: every list in every order with every filter, searches, and pages far down.
import { DatabaseSync } from 'node:sqlite';
import { executionId, workflowId } from './library_rows';
import { MARKS } from './words';

export interface Question {
  path: string;
  /** A word that stands in over a tenth of the rows, and another order than by time. */
  isCommonInOtherOrder: boolean;
  /** Begins at the row behind this one, by a cursor of the program's own form: with `next`. */
  behind?: { key: string; id: string; next: string };
}

/** Searches by how many rows they find: over a tenth of them or not. */
const COMMON = [MARKS.everywhere, MARKS.often, `${MARKS.everywhere} -${MARKS.often}`, MARKS.often.slice(0, 2), MARKS.often[0]];
const SPECIAL = [
  MARKS.seldom, MARKS.rarely, MARKS.nowhere, MARKS.seldom.slice(0, 4), `"${MARKS.phrase}"`, `${MARKS.often} ${MARKS.seldom}`, `${MARKS.seldom} -${MARKS.often}`,
  '重庆', '夜の', 'cafe',
];
/** Searches that go with the other filters. */
const FEW = [MARKS.often, MARKS.seldom];

const both = (keys: string[]): string[] => keys.flatMap((key) => [`sort=-${key}`, `sort=${key}`]);
const search = (typed: string): string => `q=${encodeURIComponent(typed)}`;

interface List {
  path: string;
  keys: string[];
  filters: string[];
  /** By which keys the search index itself is in order. */
  byTime?: string[];
}

const LISTS: List[] = [
  {
    path: '/api/videos', keys: ['created_at', 'updated_at', 'name', 'duration', 'size'], byTime: ['created_at', 'updated_at'],
    filters: [
      'source_type=generated', 'source_type=derived', 'min_width=1900', 'min_height=1900', 'min_duration=60', 'max_duration=1',
      'min_width=1000&min_height=1900&min_duration=11&max_duration=13', `workflow_id=${workflowId(0)}`, `workflow_id=${workflowId(7)}`,
      ...FEW.map((typed) => `source_type=stitched&${search(typed)}`), `workflow_id=${workflowId(0)}&${search(MARKS.often)}`, 'limit=200',
    ],
  },
  { path: '/api/assets', keys: ['created_at'], filters: ['kind=video', 'kind=image', 'trashed=true', 'kind=video&trashed=true', 'limit=200'] },
  { path: '/api/workflows', keys: ['updated_at', 'created_at', 'name'], byTime: ['created_at'], filters: ['status=draft', `status=saved&${search(MARKS.often)}`, 'limit=200'] },
  { path: '/api/executions', keys: ['created_at'], filters: [`workflow_id=${workflowId(0)}`, `workflow_id=${workflowId(7)}`, 'status=succeeded', 'status=cancelled', 'status=queued', 'limit=200'] },
  {
    path: '/api/jobs', keys: ['created_at'],
    filters: ['status=succeeded', 'status=failed', 'status=queued', 'status=unknown', 'kind=generate', 'kind=poster', 'kind=stitch&status=failed', `execution_id=${executionId(7)}`, 'limit=200'],
  },
];

/** Lists in one order, and pages that show one. */
const OTHERS = [
  '/api/spend', '/api/spend?limit=200', '/', `/?${search(MARKS.often)}`, `/?${search(MARKS.seldom)}`, '/?sort=name&status=draft', '/jobs', '/jobs?status=failed', '/spend',
  '/metrics',
];

/** Where each list is half way through: its table, its key in SQL for each order, and whether something is left out. */
const MIDDLES: [string, string, Record<string, string>, string?][] = [
  ['/api/videos', 'videos', { created_at: 'created_at', name: 'lower(name)', duration: 'coalesce(duration_seconds, -1.0)', size: 'size_bytes' }, 'deleted_at'],
  ['/api/workflows', 'workflows', { updated_at: 'updated_at', created_at: 'created_at', name: 'name COLLATE NOCASE' }],
  ['/api/executions', 'executions', { created_at: 'created_at' }],
  ['/api/jobs', 'jobs', { created_at: 'created_at' }],
];

/** Everything that is asked of a library whose database is at `path`. */
export function questions(path: string): Question[] {
  const asked: Question[] = OTHERS.map((other) => ({ path: other, isCommonInOtherOrder: false }));
  for (const list of LISTS) {
    const searches = list.byTime ? [...COMMON, ...SPECIAL].map(search) : [];
    for (const order of both(list.keys)) {
      const isByTime = list.byTime?.some((key) => order.endsWith(`=${key}`) || order.endsWith(`-${key}`)) ?? true;
      for (const filter of ['', ...list.filters, ...searches]) {
        const isCommon = COMMON.some((typed) => filter.split('&').includes(search(typed)));
        asked.push({ path: `${list.path}?${order}${filter && `&${filter}`}`, isCommonInOtherOrder: isCommon && !isByTime });
      }
    }
  }
  return [...asked, ...halfWay(path)];
}

function halfWay(path: string): Question[] {
  const db = new DatabaseSync(path, { readOnly: true });
  const asked: Question[] = [];
  for (const [list, table, keys, gone] of MIDDLES) {
    const has = db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((column) => column.name);
    const where = gone && has.includes(gone) ? `WHERE ${gone} IS NULL` : '';
    for (const [key, expression] of Object.entries(keys)) {
      for (const sign of ['-', '']) {
        const direction = sign ? 'DESC' : 'ASC';
        const [last, first] = db.prepare(`SELECT ${expression.replace(' COLLATE NOCASE', '')} AS key, id FROM ${table} ${where}
          ORDER BY ${expression} ${direction}, id ${direction} LIMIT 2 OFFSET (SELECT count(*) / 2 FROM ${table} ${where})`).all();
        const behind = { key: String(last.key), id: String(last.id), next: String(first.id) };
        asked.push({ path: `${list}?sort=${sign}${key}`, isCommonInOtherOrder: false, behind });
      }
    }
  }
  db.close();
  return asked;
}
