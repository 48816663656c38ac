/** The jars (absolute paths) of `artifacts` (group:name:version) and of what they need at run time. Blocks while Maven runs. */
export function mavenJars(artifacts: string[]): Promise<string[]>;
