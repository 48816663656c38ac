// Why an assigned partition makes no progress. @thread any
export type StallCause = 'no_leader' | 'fetch_error' | 'buffer_full' | 'paused' | 'no_answer' | 'not_polled';
