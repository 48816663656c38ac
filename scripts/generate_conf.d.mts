/** Path from the repository's root and text of each file that is generated from the property table. */
export function generateConf(): Promise<Record<string, string>>;
