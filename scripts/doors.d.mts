/** Names of the doors whose source exists: `index`, `rdkafka`, ... */
export const doors: readonly string[];
/** Names of the commands whose source exists. */
export const bins: readonly string[];
