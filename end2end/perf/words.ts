// The words of the large library: as frequent as in texts that people write, with some whose share of the rows is known, for the searches.

/** How many videos and workflows hold each: every one, 12 %, 1 %, 1 in 10,000, 0.5 % (a phrase). */
export const MARKS = { everywhere: 'scene', often: 'rain', seldom: 'lantern', rarely: 'zeppelin', phrase: 'amber dusk', nowhere: 'quixotry' };

const CHINESE = ['重庆雨夜的霓虹街道', '台北夜市人声鼎沸', '老人慢慢走过石桥', '她在窗边等他回来', '雪山下的小木屋', '城市天际线，缓慢推近'];
const JAPANESE = ['東京の夜、静かなカフェ', '桜が散る小道をあるく', '雨の中のバス停'];
const ACCENTED = ['café', 'Élodie', 'naïve', 'Größe', 'Łódź', 'señor', 'Straße', 'Ærø'];
const SYLLABLES = ['ba', 'co', 'de', 'fi', 'go', 'ha', 'ju', 'ka', 'lo', 'me', 'ni', 'po', 'qua', 'ro', 'su', 'ta', 'vi', 'wo', 'xe', 'zu'];

/** mulberry32: the same library in every run, and for every program. */
export class Random {
  constructor(private state: number) {}

  /** From 0 up to 1. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let value = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }
}

// Two to four syllables a word: none of them begins like a mark.
const VOCABULARY = Array.from({ length: 4000 }, (_, word) => {
  const length = word < 40 ? 2 : word < 1200 ? 3 : 4;
  return Array.from({ length }, (_, place) => SYLLABLES[Math.floor((word * 7919 + place * 104_729) / (place * 13 + 1)) % SYLLABLES.length]).join('');
});

/** A text of so many words, the first the most frequent by far (Zipf's law). */
export function words(random: Random, count: number): string[] {
  return Array.from({ length: count }, () => VOCABULARY[Math.floor(VOCABULARY.length ** random.next()) - 1]);
}

/** The words of a prompt or a description, with the marks in their shares. */
export function sentence(random: Random, count: number): string {
  const found = words(random, count);
  const put = (word: string) => found.splice(random.below(found.length + 1), 0, word);
  if (random.chance(0.12)) put(MARKS.often);
  if (random.chance(0.01)) put(MARKS.seldom);
  if (random.chance(0.0001)) put(MARKS.rarely);
  if (random.chance(0.005)) put(MARKS.phrase);
  if (random.chance(0.1)) put(random.of(ACCENTED));
  if (random.chance(0.08)) found.push(random.of(CHINESE));
  if (random.chance(0.04)) found.push(random.of(JAPANESE));
  return `A ${MARKS.everywhere} of ${found.join(' ')}`;
}
