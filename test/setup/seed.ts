/**
 * Property tests draw the same cases in every run of the suite, so that a run's verdict is of the change and not of
 * chance. `WEFT_SEED=random` draws new ones; a number repeats a run that failed.
 */
import fc from 'fast-check';

const seed = process.env['WEFT_SEED'] ?? '20260101';
if (seed !== 'random') fc.configureGlobal({ seed: Number(seed) });
