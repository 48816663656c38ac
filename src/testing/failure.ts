// Errors whose stack begins where the user called, whenever they are found out. @thread app

/** The stack of a call, taken at its beginning. */
export interface Place {
  stack?: string;
}

/** @param method the user called it: it and what it has called are left out */
// biome-ignore lint/complexity/noBannedTypes: any method
export function placeBelow(method: Function): Place {
  const place: Place = {};
  Error.captureStackTrace(place, method);
  return place;
}

/** A plain Error with that stack. */
export function errorAt(place: Place, text: string): Error {
  const error = new Error(text);
  const frames = typeof place.stack === 'string' ? place.stack.replace(/^[\s\S]*?(?=\n\s+at )/, '') : '';
  if (frames !== '') error.stack = `Error: ${text}${frames}`;
  return error;
}
