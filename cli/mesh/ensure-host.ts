import type { Progress } from '../output/progress.ts';

export async function ensureHost(_progress: Progress): Promise<void> {}
