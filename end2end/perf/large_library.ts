// A server with a library as after two years of work: 100,000 videos, 10,000 workflows, 100,000 jobs, 300,000 events, written past the program into
// the schema that it has made itself, so that an old program gets one too. PERF_SCALE shrinks it.
import { closeSync, ftruncateSync, mkdirSync, openSync, utimesSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Server } from '../server';
import { type Row, NOW, counts, generations, images, uses, videos, workflows } from './library_rows';
import { events, executionNodes, executions, jobs, spends } from './library_runs';
import { ask, quiet, until } from './machine';

/** Writes rows into whatever columns the tables of a database have. */
class Filler {
  constructor(private readonly db: DatabaseSync) {}

  columns(table: string): string[] {
    return this.db.prepare(`SELECT name FROM pragma_table_info('${table}')`).all().map((column) => String(column.name));
  }

  put(table: string, rows: Iterable<Row>): void {
    const known = new Set(this.columns(table));
    if (known.size === 0) return;
    let names: string[] = [];
    let insert: ReturnType<DatabaseSync['prepare']> | undefined;
    this.db.exec('BEGIN');
    for (const row of rows) {
      if (!insert) {
        names = Object.keys(row).filter((name) => known.has(name));
        insert = this.db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`);
      }
      insert.run(...names.map((name) => row[name]));
    }
    this.db.exec('COMMIT');
  }
}

/** A file of a row: as long as the row says, with no bytes in it that take room. */
function file(folder: string, row: Row, made: Set<string>): Row {
  const path = join(folder, String(row.file_path));
  if (!made.has(dirname(path))) {
    mkdirSync(dirname(path), { recursive: true });
    made.add(dirname(path));
  }
  const opened = openSync(path, 'w');
  ftruncateSync(opened, Number(row.size_bytes));
  closeSync(opened);
  utimesSync(path, NOW / 1000, NOW / 1000);
  return row;
}

/** Fills the database of a server that has been stopped. */
function fill(server: Server): void {
  const db = new DatabaseSync(join(server.dir, 'media.db'));
  db.exec('PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000');
  const filler = new Filler(db);
  // A source that the program does not know is a row that it cannot read.
  const isOld = !filler.columns('videos').includes('deleted_at');
  const [folder, made] = [join(server.dir, 'videos'), new Set<string>()];
  const withFiles = function* (rows: Iterable<Row>) {
    for (const row of rows) yield file(folder, row, made);
  };
  filler.put('workflows', workflows());
  filler.put('videos', withFiles(videos(isOld)));
  filler.put('images', withFiles(images()));
  filler.put('video_generation', generations());
  filler.put('workflow_videos', uses());
  filler.put('executions', executions());
  filler.put('execution_nodes', executionNodes());
  filler.put('jobs', jobs());
  filler.put('spends', spends());
  filler.put('events', events());
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Whether a program has an index for its searches that it must make of rows which others wrote. */
const isIndexed = (server: Server): boolean => ask(server, "SELECT 1 FROM pragma_table_info('videos') WHERE name = 'search_row'").length > 0;

/** A server of that program with the large library, once all of it can be searched and nothing is done any more. */
export async function largeLibrary(name: string, program: string): Promise<Server> {
  const server = await Server.start({}, program);
  await server.stop();
  let began = Date.now();
  const told = (what: string) => {
    console.log(`${name}: ${what} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    began = Date.now();
  };
  fill(server);
  told(`${counts.videos} videos, ${counts.workflows} workflows, ${counts.jobs} jobs and ${counts.events} events written`);
  await server.begin();
  if (isIndexed(server)) {
    await until('all of the library can be searched', () => server.log.includes('put into the search index'), 3600);
    told('search index made');
  }
  await quiet(server);
  told('quiet');
  return server;
}
