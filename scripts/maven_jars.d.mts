export interface JarsOptions {
  /** The folder where they are kept, `.kafka` in the repository by default. */
  home?: string;
  /** Rests in ms before a fetch that failed is tried again. */
  restsMs?: readonly number[];
}
/**
 * The jars (absolute paths) of `artifacts` (group:name:version) and of what they need at run time. Blocks while Maven runs.
 * A fetch that fails is tried again; rejects with what Maven said when all tries have failed.
 */
export function mavenJars(artifacts: string[], options?: JarsOptions): Promise<string[]>;
