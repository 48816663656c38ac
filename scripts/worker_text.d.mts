/** Builds the worker's text into src/app/worker_text.generated.ts and gives its hash. */
export function buildWorkerText(): Promise<string>;
/** The worker's text, and its hash. `paused`: its loop does nothing now and then, at random. */
export function workerText(paused: boolean): Promise<{ hash: string; text: string }>;
