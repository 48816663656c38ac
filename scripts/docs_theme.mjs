// A plugin of typedoc: shows each declaration as its source has it, all overloads and the comments of fields included,
// in place of a section for each parameter; and puts what Markdown would read as emphasis (`_QUEUE_FULL`) into code.
import { Converter, ReflectionKind } from 'typedoc';
import { MarkdownTheme, MarkdownThemeContext } from 'typedoc-plugin-markdown';
import ts from 'typescript';

/** Names in running text: constants, errors, functions, parameters. */
const NAME =
  /(?<![\w`./])(?:RD_KAFKAP?_\w+\*?|_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\*?|_[A-Z]{3,}|[a-z][a-zA-Z0-9]*(?:_[a-zA-Z0-9]+)+_?\*?(?:\(\))?)/g;

/** Unions and tables of bare names that are longer than this are cut: nobody reads them. */
const MOST_LINES = 60;
const SHOWN_LINES = 10;

/** Reflection -> its declaration, as the source has it. */
const sources = new WeakMap();

/** A class without the bodies of its methods, as its declaration file has it. */
function classText(node) {
  const file = node.getSourceFile();
  const compilerOptions = { isolatedDeclarations: true, target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  const { outputText } = ts.transpileDeclaration(file.text, { fileName: file.fileName, compilerOptions });
  const declarations = ts.createSourceFile('x.d.ts', outputText, ts.ScriptTarget.ES2022, true);
  const same = declarations.statements.find((one) => ts.isClassDeclaration(one) && one.name?.text === node.name?.text);
  // TypeScript 5.9 writes methods with computed names a second time, as properties.
  const methods = new Set(same.members.filter(ts.isMethodDeclaration).map(({ name }) => name.getText()));
  const members = same.members.filter((one) => !ts.isPropertyDeclaration(one) || !methods.has(one.name.getText()));
  const head = outputText.slice(same.getStart(), same.members.pos).replace(/^export declare /, '');
  const body = members.map((one) => one.getFullText().replaceAll(/\n {4}/g, '\n  ')).join('');
  return `${head}${body}\n}`;
}

function declarationText(node) {
  if (ts.isClassDeclaration(node)) return classText(node);
  if (ts.isVariableDeclaration(node)) return `const ${node.name.text}: ${node.type?.getText() ?? 'unknown'};`;
  const { text } = node.getSourceFile();
  const body = ts.isFunctionDeclaration(node) ? node.body : undefined;
  const end = body ? body.getStart() : node.getEnd();
  const bare = text
    .slice(node.getStart(), end)
    .trimEnd()
    .replace(/^export (async )?/, '');
  const lines = bare.split('\n');
  if (lines.length > MOST_LINES && !bare.includes('/**'))
    return [...lines.slice(0, SHOWN_LINES), `  // ... ${lines.length - SHOWN_LINES - 1} more`, lines.at(-1)].join('\n');
  return body ? `${bare};` : bare;
}

const isShown = (node) =>
  ts.isVariableDeclaration(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isClassDeclaration(node);

/** The declaration of a function, a type or a class under the name that it is exported by. */
function sourceOf(symbol, name) {
  const nodes = (symbol.getDeclarations() ?? []).filter(isShown);
  const overloads = nodes.filter((node) => ts.isFunctionDeclaration(node) && node.body === undefined);
  return (overloads.length > 0 ? overloads : nodes)
    .map((node) => declarationText(node).replace(` ${node.name.text}`, ` ${name}`))
    .join('\n');
}

const plainName = (name) => name.replace(/^rd_kafka_/, '');

/** Running text cut into text and code, with links to the functions it names. */
function withNames(parts, linkTo) {
  return parts.flatMap((part) => {
    if (part.kind === 'code') return [linkTo(part)];
    if (part.kind !== 'text') return [part];
    const pieces = [];
    let at = 0;
    const plain = (text) => pieces.push({ kind: 'text', text: text.replaceAll('*', '\\*') });
    for (const { 0: name, index } of part.text.matchAll(NAME)) {
      plain(part.text.slice(at, index));
      pieces.push(linkTo({ kind: 'code', text: `\`${name}\`` }));
      at = index + name.length;
    }
    plain(part.text.slice(at));
    return pieces;
  });
}

function linkNames(project) {
  const functions = new Map(
    project.getReflectionsByKind(ReflectionKind.Function).map((reflection) => [plainName(reflection.name), reflection]),
  );
  for (const signature of project.getReflectionsByKind(ReflectionKind.SomeSignature)) {
    const own = new Set([plainName(signature.name), ...(signature.parameters ?? []).map(({ name }) => name)]);
    if (signature.comment) signature.comment.summary = withNames(signature.comment.summary, (part) => link(part, own));
  }
  for (const reflection of Object.values(project.reflections))
    if (reflection.comment && !reflection.isSignature())
      reflection.comment.summary = withNames(reflection.comment.summary, (part) => part);

  function link(part, own) {
    const name = plainName(part.text.replace(/^`|(?:\(\))?`$/g, ''));
    const target = functions.get(name);
    // A single word is more often a parameter or a field than the function of that name.
    if (target === undefined || own.has(name) || !name.includes('_')) return part;
    return { kind: 'inline-tag', tag: '@linkcode', text: part.text.slice(1, -1), target };
  }
}

/** Types of which there is nothing to say but their name share a block, without a heading. */
const isBare = (model) => !model.comment && /^type [^\n]*$/.test(sources.get(model) ?? '');

const fenced = (text) => `\`\`\`ts\n${text}\n\`\`\``;

class Context extends MarkdownThemeContext {
  constructor(...args) {
    super(...args);
    const { comment, member, members } = this.partials;
    this.partials.memberTitle = (model) => `\`${model.name}\``;
    this.partials.member = (model, options) => {
      const source = sources.get(model);
      if (source === undefined) return member(model, options);
      const about = model.comment ?? model.signatures?.[0]?.comment;
      return about ? `${fenced(source)}\n\n${comment(about)}` : fenced(source);
    };
    this.partials.members = (models, options) => {
      if (models.every((model) => model.isReference())) return this.references(models);
      const bare = models.filter(isBare);
      const others = members(
        models.filter((model) => !bare.includes(model)),
        options,
      );
      const block = bare.length > 0 ? fenced(bare.map((model) => sources.get(model)).join('\n')) : '';
      return [others, block].filter((text) => text !== '').join('\n\n');
    };
  }

  references(models) {
    const links = models.map((model) => {
      const target = model.getTargetReflectionDeep();
      const url = this.urlTo(target);
      return `[\`${model.name}\`](${isBare(target) ? url.replace(/#.*/, '') : url})`;
    });
    return `Described on other pages: ${links.join(', ')}.`;
  }
}

class Theme extends MarkdownTheme {
  getRenderContext(page) {
    return new Context(this, page, this.application.options);
  }
}

export function load(app) {
  app.renderer.defineTheme('declarations', Theme);
  const constants = [];
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.parent?.kindOf(ReflectionKind.Module)) return;
    const symbol = context.getSymbolFromReflection(reflection);
    if (symbol?.valueDeclaration?.getSourceFile().fileName.endsWith('enums.generated.ts')) constants.push(reflection);
    const source = symbol === undefined ? '' : sourceOf(symbol, reflection.name);
    if (source !== '') sources.set(reflection, source);
  });
  // They have a page of tables.
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const reflection of constants) project.removeReflection(reflection);
  });
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => linkNames(project));
}
