// Every function, constant and type of rdkafka.h and rdkafka_mock.h: declared as api.md's rules say, or listed as missing
// with a reason in header.missing.json. That list may only shrink.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { beforeAll, describe, expect, test } from 'vitest';
import { declarationOf, type FunctionRow, hasTwin, type Signature, signatureOf, twinOf } from './header_rules.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const DOORS = { 'rdkafka.h': 'src/rdkafka.ts', 'rdkafka_mock.h': 'src/rdkafka_mock.ts' } as const;

const functions = table<FunctionRow>('functions.tsv');
const constants = table<{ kind: string; group: string; name: string; value: string }>('constants.tsv');
const structs = table<{ kind: string; type_or_function: string; c_type: string }>('structs.tsv');
const missing = JSON.parse(readFileSync(join(ROOT, 'test/header.missing.json'), 'utf8')) as Record<string, string>;

/** Name in the door -> what it should be. */
const expected = new Map<string, { row: FunctionRow; signature: Signature }>();
for (const row of functions) {
  expected.set(row.name, { row, signature: signatureOf(row) });
  // `rd_kafka_share_commit_async` is C's own, and no promise.
  if (hasTwin(row)) expected.set(`${row.name}_async`, { row, signature: twinOf(row) });
}

let program: ts.Program;
let checker: ts.TypeChecker;
let doors: Record<string, ReadonlyMap<string, ts.Symbol>>;
let wanted: ReadonlyMap<string, ts.Signature>;

// One program for all: the doors, and a file that is never written, with a declaration for everything expected.
beforeAll(() => {
  const path = join(ROOT, 'test/header.expected.ts');
  const text = expectedText();
  const config = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile).config;
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
  const host = ts.createCompilerHost({ ...options, isolatedDeclarations: false, declaration: false });
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, text, rest[0], true) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === path || fileExists(name);
  host.readFile = (name) => (name === path ? text : readFile(name));
  const files = [path, ...Object.values(DOORS).map((door) => join(ROOT, door))];
  program = ts.createProgram(files, { ...options, isolatedDeclarations: false, declaration: false }, host);
  checker = program.getTypeChecker();
  doors = Object.fromEntries(Object.entries(DOORS).map(([header, door]) => [header, exportsOf(join(ROOT, door))]));
  wanted = new Map([...exportsOf(path)].map(([name, symbol]) => [name, signaturesOf(symbol)[0] as ts.Signature]));
}, 60_000);

describe('functions', () => {
  test('the 552 functions of the two headers and their 102 twins are what this test knows', () => {
    expect(functions).toHaveLength(552);
    expect(expected.size).toBe(552 + 102);
  });

  test('every type that a signature needs exists', () => {
    const source = program.getSourceFile(join(ROOT, 'test/header.expected.ts'));

    const errors = program
      .getSemanticDiagnostics(source)
      .map((one) => ts.flattenDiagnosticMessageText(one.messageText, ' '));

    expect(errors).toEqual([]);
  });

  test('every function is exported, or listed as missing with a reason', () => {
    const unlisted = [...expected].filter(([name, { row }]) => !isExported(name, row) && !missing[name]);

    expect(unlisted.map(([name]) => name)).toEqual([]);
  });

  test('no function that is listed as missing exists', () => {
    const stale = Object.keys(missing).filter((name) => {
      const entry = expected.get(name);
      return entry === undefined || isExported(name, entry.row);
    });

    expect(stale, 'run node scripts/shrink_missing.mjs').toEqual([]);
  });

  test('every exported function is declared as the rules say', () => {
    const wrong: string[] = [];
    for (const [name, { row, signature }] of expected) {
      const symbol = doors[row.header]?.get(name);
      if (symbol === undefined || !isValue(symbol)) continue;
      const problems = signaturesOf(symbol).map((actual) =>
        difference(actual, wanted.get(name) as ts.Signature, signature),
      );
      if (!problems.includes(null))
        wrong.push(`${name}${declarationOf(signature)}: ${problems[0] ?? 'is no function'}`);
    }

    expect(wrong).toEqual([]);
  });

  test('nothing but what the headers have is exported under a function name of theirs', () => {
    const strangers = Object.values(doors).flatMap((door) =>
      [...door].filter(([name, symbol]) => /^rd_kafka_/.test(name) && isValue(symbol) && !expected.has(name)),
    );

    expect(strangers.map(([name]) => name)).toEqual([]);
  });

  test('no public function answers _NOT_IMPLEMENTED', () => {
    const answering = ['src/api', 'src/promise']
      .filter((room) => existsSync(join(ROOT, room)))
      .flatMap((room) => readdirSync(join(ROOT, room)).map((name) => join(room, name)))
      .filter((path) => path.endsWith('.ts') && /__NOT_IMPLEMENTED\b/.test(readFileSync(join(ROOT, path), 'utf8')));

    expect(answering).toEqual([]);
  });
});

describe('constants', () => {
  test('every constant has its value in its doors', async () => {
    const [index, rdkafka, mock] = await Promise.all([
      import('../src/index.ts'),
      import('../src/rdkafka.ts'),
      import('../src/rdkafka_mock.ts'),
    ]);
    const wrong: string[] = [];

    for (const { kind, name, value } of constants) {
      if (name.includes('(') || name.startsWith('RD_KAFKA_DBG_')) continue;
      const want = /^-?\d+$/.test(value) ? Number(value) : value;
      for (const door of kind === 'private' ? [mock] : [index, rdkafka]) {
        const have = (door as Record<string, unknown>)[name];
        if (have !== want) wrong.push(`${name} is ${String(have)}, not ${want}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  test('constants are literals, so that let widens', () => {
    const wrong = constants.filter(({ kind, name }) => {
      const symbol = doors[kind === 'private' ? 'rdkafka_mock.h' : 'rdkafka.h']?.get(name);
      if (symbol === undefined) return false;
      return !(
        checker.getTypeOfSymbol(resolved(symbol)).flags &
        (ts.TypeFlags.NumberLiteral | ts.TypeFlags.StringLiteral)
      );
    });

    expect(wrong.map(({ name }) => name)).toEqual([]);
  });

  test('private constants stay out, but for the API keys in the mock door', () => {
    const leaked = constants
      .filter(({ kind }) => kind === 'private')
      .filter(
        ({ name }) =>
          doors['rdkafka.h']?.has(name) || (!/^RD_KAFKAP_/.test(name) && doors['rdkafka_mock.h']?.has(name)),
      );

    expect(leaked.map(({ name }) => name)).toEqual([]);
  });

  test('macros with arguments are functions', () => {
    const macros = constants.map(({ name }) => name).filter((name) => name.includes('('));

    const gone = macros.filter((name) => {
      const symbol = doors['rdkafka.h']?.get(name.replace(/\(.*/, ''));
      return symbol === undefined || signaturesOf(symbol).length === 0;
    });

    expect(macros).toHaveLength(11);
    expect(gone).toEqual([]);
  });
});

test("rdkafka-ts/testing has rdkafka_mock.h's functions without their prefix, its constants, and what is its own", async () => {
  const [mock, testing] = await Promise.all([import('../src/rdkafka_mock.ts'), import('../src/testing.ts')]);

  const named = Object.entries(mock).map(([name, value]) => [name.replace(/^rd_kafka_/, ''), value]);

  const { mock_cluster, open_handles, suite_cluster, ...rest } = testing;
  expect([mock_cluster, open_handles, suite_cluster].map((each) => typeof each)).toEqual(Array(3).fill('function'));
  expect(named.length).toBeGreaterThan(50);
  expect(rest).toEqual(Object.fromEntries(named));
});

test('every type of the headers is exported under its C name', () => {
  const names = new Set([
    ...structs.filter(({ kind }) => kind !== 'callback_param').map((row) => row.type_or_function),
    ...constants.filter(({ kind }) => kind === 'enum').map((row) => row.group),
  ]);

  const gone = [...names].filter((name) => !doors['rdkafka.h']?.has(name) && !doors['rdkafka_mock.h']?.has(name));

  expect(gone).toEqual([]);
});

function table<Row>(name: string): Row[] {
  const [head, ...lines] = readFileSync(join(ROOT, 'reference', name), 'utf8')
    .trimEnd()
    .split('\n');
  const columns = (head as string).split('\t').map((column) => column.replace(/\(.*/, ''));
  return lines.map((line) => {
    const cells = line.split('\t');
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) as Row;
  });
}

function expectedText(): string {
  const lines = [...expected].map(
    ([name, { signature }]) => `export declare function ${name}${declarationOf(signature)};`,
  );
  const body = lines.join('\n');
  const used = new Set(
    body.match(/\b(?:rd_kafka_\w+|RD_KAFKA_V_END|Bytes|Out|\w+Cb|\w+Cmp|TopicPartitions\w*|ProduceBatchMessage)\b/g),
  );
  const imports = (header: string): string => {
    const door = readFileSync(join(ROOT, DOORS[header as keyof typeof DOORS]), 'utf8');
    const isMock = header === 'rdkafka_mock.h';
    const names = [...used].filter((name) => !expected.has(name) || name === 'rd_kafka_metadata');
    const mine = names.filter((name) => /^rd_kafka_mock_/.test(name) === isMock);
    // Named apart, since the function of that name is declared here too.
    const list = mine.map((name) => (name === 'rd_kafka_metadata' ? `${name} as rd_kafka_metadata_struct` : name));
    return door === '' ? '' : `import type { ${list.join(', ')} } from '../${DOORS[header as keyof typeof DOORS]}';\n`;
  };
  const named = body.replace(
    /Out<rd_kafka_metadata>|Promise<rd_kafka_metadata>|metadata: rd_kafka_metadata\b/g,
    (hit) => hit.replace('rd_kafka_metadata', 'rd_kafka_metadata_struct'),
  );
  return `${Object.keys(DOORS).map(imports).join('')}type MaybeNull<T> = T | null;\n${named}\n`;
}

function exportsOf(path: string): ReadonlyMap<string, ts.Symbol> {
  const module = checker.getSymbolAtLocation(program.getSourceFile(path) as ts.SourceFile) as ts.Symbol;
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, symbol]));
}

function resolved(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function isValue(symbol: ts.Symbol): boolean {
  return (resolved(symbol).flags & ts.SymbolFlags.Value) !== 0;
}

function isExported(name: string, row: FunctionRow): boolean {
  const symbol = doors[row.header]?.get(name);
  return symbol !== undefined && isValue(symbol);
}

function signaturesOf(symbol: ts.Symbol): readonly ts.Signature[] {
  if (!isValue(symbol)) return [];
  return checker.getSignaturesOfType(checker.getTypeOfSymbol(resolved(symbol)), ts.SignatureKind.Call);
}

/** null when the declared signature is the expected one, else what is wrong with it. */
function difference(actual: ts.Signature, want: ts.Signature, rules: Signature): string | null {
  const have = actual.parameters;
  if (have.length !== want.parameters.length) return `takes ${have.length} parameters, not ${want.parameters.length}`;
  for (const [i, param] of rules.params.entries()) {
    const haveDecl = have[i]?.valueDeclaration as ts.ParameterDeclaration;
    const wantDecl = want.parameters[i]?.valueDeclaration as ts.ParameterDeclaration;
    const name = haveDecl.name.getText().replace(/^_(?!private)/, '');
    const isOpenName = param.rest || param.name === '' || param.name === 'o';
    if (!isOpenName && name !== param.name) return `parameter ${i + 1} is called ${name}, not ${param.name}`;
    const optional = haveDecl.questionToken !== undefined || haveDecl.initializer !== undefined;
    if (optional !== (param.optional ?? false)) return `${name} is ${optional ? '' : 'not '}optional`;
    if ((haveDecl.dotDotDotToken !== undefined) !== (param.rest ?? false))
      return `${name} is a rest parameter, or should be`;
    if (param.type === null) continue;
    const problem = typeDifference(typeOf(haveDecl), typeOf(wantDecl), param.type.startsWith('MaybeNull<'));
    if (problem) return `${name} is ${problem}`;
  }
  const result = checker.getReturnTypeOfSignature(actual);
  if (rules.result === null) return /^Promise</.test(checker.typeToString(result)) ? null : 'gives no promise';
  const problem = typeDifference(result, checker.getReturnTypeOfSignature(want), false);
  return problem ? `gives ${problem}` : null;
}

function typeOf(decl: ts.ParameterDeclaration): ts.Type {
  // A default value says the type, too; a type parameter stands for what it may be at most.
  const type = decl.type === undefined ? checker.getTypeAtLocation(decl) : checker.getTypeFromTypeNode(decl.type);
  return checker.getBaseConstraintOfType(type) ?? type;
}

function typeDifference(have: ts.Type, want: ts.Type, isNullOpen: boolean): string | null {
  const [a, b] = isNullOpen ? [checker.getNonNullableType(have), checker.getNonNullableType(want)] : [have, want];
  const isAny = (type: ts.Type): boolean => (type.flags & ts.TypeFlags.Any) !== 0;
  const same = isAny(a) === isAny(b) && checker.isTypeAssignableTo(a, b) && checker.isTypeAssignableTo(b, a);
  if (same) return null;
  const flags = ts.TypeFormatFlags.NoTruncation;
  return `${checker.typeToString(have, undefined, flags)}, not ${checker.typeToString(want, undefined, flags)}`;
}
