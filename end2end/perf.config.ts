// The measurements: one at a time, printed, never asserted. Run by `make bench`.
import base from './playwright.config';

export default { ...base, testDir: 'perf', testMatch: '*.perf.ts', workers: 1, fullyParallel: false, timeout: 300_000, reporter: [['line']] };
