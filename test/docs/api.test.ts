// docs/api/ and the docstrings that it is made of: every public function says what it promises, every page is fresh.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { doors } from '../../scripts/doors.mjs';
import { generateDocs } from '../../scripts/generate_docs.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAGES = 'docs/api';

const onDisk = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(ROOT, PAGES)).map((name) => [`${PAGES}/${name}`, readFileSync(join(ROOT, PAGES, name), 'utf8')]),
  );

interface Exported {
  readonly door: string;
  readonly name: string;
  readonly symbol: ts.Symbol;
}

const program = ts.createProgram(
  doors.map((door) => join(ROOT, `src/${door}.ts`)),
  ts.parseJsonConfigFileContent(ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config, ts.sys, ROOT)
    .options,
);
const checker = program.getTypeChecker();
const exportsOfDoors: readonly Exported[] = doors.flatMap((door) => {
  const file = program.getSourceFile(join(ROOT, `src/${door}.ts`))!;
  return checker.getExportsOfModule(checker.getSymbolAtLocation(file)!).map((symbol) => ({
    door,
    name: symbol.name,
    symbol: symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
  }));
});

/** Functions, and values that can be called or made by `new`. */
function isCallable({ symbol }: Exported): boolean {
  const node = symbol.valueDeclaration;
  if (node === undefined) return false;
  const type = checker.getTypeOfSymbolAtLocation(symbol, node);
  return type.getCallSignatures().length > 0 || type.getConstructSignatures().length > 0;
}

const isSilent = (symbol: ts.Symbol): boolean =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim() === '';

describe('docstrings', () => {
  test('every function and class that a door exports has one', () => {
    const callable = exportsOfDoors.filter(isCallable);

    expect(callable.length).toBeGreaterThan(500);
    expect(callable.filter(({ symbol }) => isSilent(symbol)).map(({ door, name }) => `${door}: ${name}`)).toEqual([]);
  });

  test('every public method of a class that a door exports has one', () => {
    const methods = exportsOfDoors
      .filter(({ symbol }) => symbol.flags & ts.SymbolFlags.Class)
      .flatMap(({ symbol }) =>
        checker
          .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
          .filter(({ flags, valueDeclaration: node }) => {
            const hidden =
              node && ts.getCombinedModifierFlags(node) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected);
            return flags & ts.SymbolFlags.Method && !hidden && node?.parent === symbol.valueDeclaration;
          }),
      );

    expect(methods.length).toBeGreaterThan(0);
    expect(methods.filter(isSilent).map(({ valueDeclaration: node }) => node?.getText().split('{')[0])).toEqual([]);
  });

  test('none holds a block of code, which nothing would run: programs are in examples/', () => {
    const fenced = exportsOfDoors.filter(({ symbol }) =>
      ts.displayPartsToString(symbol.getDocumentationComment(checker)).includes('```'),
    );

    expect(fenced.map(({ name }) => name)).toEqual([]);
  });
});

describe('the pages', () => {
  test('are what npm run docs would write', async () => {
    expect(onDisk()).toEqual(await generateDocs());
  }, 120_000);

  test('have everything that a door exports', () => {
    const text = Object.values(onDisk()).join('\n');
    const names = new Set(text.match(/\w+/g));

    expect(exportsOfDoors.filter(({ name }) => !names.has(name)).map(({ door, name }) => `${door}: ${name}`)).toEqual(
      [],
    );
  });

  test('link to places that are there', () => {
    const pages = onDisk();
    const anchors = (path: string): string[] =>
      [...(pages[path] ?? '').matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!.toLowerCase().replace(/[^\w -]/g, ''));
    const broken = Object.entries(pages).flatMap(([path, text]) =>
      [...text.matchAll(/\]\(([\w.]*\.md)?(?:#([\w-]+))?\)/g)]
        .map(([link, file, anchor]) => ({ link, target: file ? `${PAGES}/${file}` : path, anchor }))
        .filter(({ target, anchor }) => pages[target] === undefined || (anchor && !anchors(target).includes(anchor)))
        .map(({ link }) => `${path}: ${link}`),
    );

    expect(broken).toEqual([]);
  });
});
