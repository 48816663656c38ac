/** Brings the generated files up to date (or, with `check`, only looks) and gives the paths of those that were not. */
export function generateMessages(check: boolean): Promise<string[]>;
