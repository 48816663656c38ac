// Reads the options of a command. @thread app
import { parseArgs } from 'node:util';

/** What the user typed is wrong; the message says how. */
export class Usage extends Error {}

/** The values of the options `names` (all of them take one), by name; throws Usage for anything else. */
export function readOptions(args: readonly string[], names: readonly string[]): Readonly<Record<string, string>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options, strict: true }).values as Record<string, string>;
  } catch (error) {
    throw new Usage(`${(error as Error).message.split('. ')[0]}; --help lists the options`);
  }
}

/** A whole number in that range; `fallback` when it was left out. */
export function readNumber(name: string, text: string | undefined, fallback: number, min: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Usage(`--${name} must be a whole number from ${min} to ${max}, not "${text}"`);
}
