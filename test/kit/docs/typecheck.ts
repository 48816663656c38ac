// The compiler over the code of documents: programs, and fragments behind what they go on with. @thread any
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import ts from 'typescript';
import { labelOf } from './blocks.ts';
import { type Block, type Document, placeOf, ROOT } from './markdown.ts';

interface Line {
  readonly text: string;
  /** Where it stands in the document, or null for what a block goes on with. */
  readonly place: string | null;
}

interface Unit {
  /** A file that is not there, beside those that it may import. */
  readonly path: string;
  readonly lines: readonly Line[];
}

/** What the compiler says of the TypeScript of these documents: `docs/x.md:12: text`. */
export function typeErrors(documents: readonly Document[]): string[] {
  const units = documents.flatMap(unitsOf);
  const program = compile(units);
  const errors = units.flatMap((unit) => {
    const file = program.getSourceFile(unit.path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map((diagnostic) => {
      const { line } = file.getLineAndCharacterOfPosition(diagnostic.start ?? 0);
      const place = unit.lines[line]?.place ?? `${basename(unit.path)}:${line + 1}`;
      return `${place}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`;
    });
  });
  // What is wrong in a program is seen again in what goes on with it.
  return [...new Set(errors)];
}

function compile(units: readonly Unit[]): ts.Program {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.test.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT, undefined, join(ROOT, 'tsconfig.test.json'));
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false, noUnusedParameters: false });
  const texts = new Map(units.map(({ path, lines }) => [path, lines.map(({ text }) => text).join('\n')]));
  const { fileExists, getSourceFile, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, target, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, target, ...rest) : ts.createSourceFile(path, text, target, true);
  };
  return ts.createProgram(
    units.map(({ path }) => path),
    { ...options, noUnusedLocals: false, noUnusedParameters: false },
    host,
  );
}

/** A file for each program and for each chain of fragments behind one. */
function unitsOf({ file, blocks }: Document): Unit[] {
  const units: Unit[] = [];
  let head: { readonly lines: readonly Line[]; readonly folder: string } | null = null;
  let chain: Block[] = [];
  const name = `__${file.replace(/\W/g, '_')}_`;
  const close = (): void => {
    if (head !== null && chain.length > 0)
      units.push(unit(head.folder, `${name}${chain.at(-1)!.line}`, nested(head.lines, chain)));
    chain = [];
  };
  for (const block of blocks.filter(({ language }) => language === 'ts')) {
    const label = labelOf(block);
    if (label.kind === 'continues') {
      head ??= { lines: [], folder: 'examples' };
      chain.push(block);
      continue;
    }
    close();
    const from = label.kind === 'from' || label.kind === 'run' ? label.from : null;
    head =
      from === null
        ? { lines: linesOf(block), folder: 'examples' }
        : { lines: hidden(readFileSync(join(ROOT, from), 'utf8')), folder: dirname(from) };
    if (from === null && label.kind !== 'wrong') units.push(unit(head.folder, `${name}${block.line}`, head.lines));
  }
  close();
  return units;
}

function unit(folder: string, name: string, lines: readonly Line[]): Unit {
  // A file without imports or exports would be a script, whose names are everybody's.
  return { path: join(ROOT, folder, `${name}.ts`), lines: [...lines, { text: 'export {};', place: null }] };
}

const linesOf = (block: Block): Line[] =>
  block.text
    .trimEnd()
    .split('\n')
    .map((text, i) => ({ text, place: placeOf({ file: block.file, line: block.line + i }) }));

const hidden = (text: string): Line[] => text.split('\n').map((line) => ({ text: line, place: null }));

/** Each fragment in a scope inside that of the one before: it may give a name anew. Its imports go to the top. */
function nested(head: readonly Line[], chain: readonly Block[]): Line[] {
  const known = new Set(head.map(({ text }) => text));
  const imports: Line[] = [];
  const bodies = chain.map((block) =>
    linesOf(block).filter((line) => {
      if (!/^import .* from '[^']+';$/.test(line.text)) return true;
      if (!known.has(line.text)) imports.push(line);
      known.add(line.text);
      return false;
    }),
  );
  const open: Line = { text: ';{', place: null };
  const shut = chain.map((): Line => ({ text: '}', place: null }));
  return [...imports, ...head, ...bodies.flatMap((lines) => [open, ...lines]), ...shut];
}
