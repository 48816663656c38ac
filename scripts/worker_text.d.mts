/** Builds the worker's text into src/app/worker_text.generated.ts and gives its hash. */
export function buildWorkerText(): Promise<string>;
