// Where in the user's program a handle or cluster was made. What is kept is an Error, made in a few microseconds: its stack
// is only written out when somebody asks. @thread app

/** Taken where the thing is made. */
export interface Birth {
  readonly stack?: string | undefined;
}

export function birth(): Birth {
  return new Error('made here');
}

/**
 * The line of the stack that is the user's, without its `at`: the first one that is neither ours nor Node's nor of a
 * package; '' when there is none.
 */
export function birthplace(born: Birth | undefined): string {
  const lines = (typeof born?.stack === 'string' ? born.stack : '').split('\n').filter((line) => /^\s+at /.test(line));
  const [ours] = lines;
  if (ours === undefined) return '';
  // All that is beside this file: the folder of the built library, or src/, where this one lies in a room.
  const home = fileOf(ours).replace(/(?:[\\/]app)?[\\/][^\\/]*$/, '');
  const strangers = lines.filter((line) => !isWithin(fileOf(line), home) && !isNodes(fileOf(line)));
  const users = strangers.find((line) => !isPackage(fileOf(line)));
  // In a bundle the user's code may be in one file with ours: then it is what lies outermost there.
  const bundled = isPackage(home) ? undefined : lines.findLast((line) => fileOf(line) === fileOf(ours));
  return (users ?? bundled ?? strangers[0] ?? '').replace(/^\s+at /, '');
}

/** `at f (file:1:2)`, `at async file:1:2` */
function fileOf(line: string): string {
  const open = line.indexOf(' (');
  const place = open < 0 ? line.replace(/^\s+at (?:async )?/, '') : line.slice(open + 2).replace(/\)$/, '');
  return place.replace(/:\d+:\d+$/, '');
}

function isWithin(file: string, home: string): boolean {
  return file.startsWith(`${home}/`) || file.startsWith(`${home}\\`);
}

function isNodes(file: string): boolean {
  return file.startsWith('node:') || file === '<anonymous>' || file === 'native';
}

function isPackage(file: string): boolean {
  return /[\\/]node_modules[\\/]/.test(file);
}
