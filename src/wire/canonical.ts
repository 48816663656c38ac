// Canonical names of bootstrap servers, for whoever has no business with the network itself. @thread main

export { reasonOf } from '../transport/addresses.ts';
export { canonicalNames } from '../transport/canonical.ts';
