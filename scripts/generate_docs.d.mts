/** Path from the root -> text of each page of docs/api/. */
export function generateDocs(): Promise<Record<string, string>>;
