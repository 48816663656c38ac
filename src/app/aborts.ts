// Who waits for which AbortSignal: one listener a signal, however many promises share it. @thread app
//
// A service hands the signal of its shutdown to every call: Node warns of a leak at the eleventh listener, and takes each
// away in time linear in their number.

interface Heard {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

export class Aborts {
  private readonly heard: Map<AbortSignal, Heard>;

  constructor() {
    this.heard = new Map();
  }

  /** Calls `call` once when the signal aborts, in the order of these calls; gives what takes it back. */
  add(signal: AbortSignal, call: () => void): () => void {
    const { calls } = this.heard.get(signal) ?? this.listen(signal);
    calls.add(call);
    return () => {
      if (calls.delete(call) && calls.size === 0) this.forget(signal);
    };
  }

  private listen(signal: AbortSignal): Heard {
    const calls = new Set<() => void>();
    const listener = (): void => {
      this.forget(signal);
      for (const call of [...calls]) if (calls.delete(call)) call();
    };
    const heard = { calls, listener };
    this.heard.set(signal, heard);
    signal.addEventListener('abort', listener, { once: true });
    return heard;
  }

  private forget(signal: AbortSignal): void {
    const heard = this.heard.get(signal);
    if (heard === undefined) return;
    this.heard.delete(signal);
    signal.removeEventListener('abort', heard.listener);
  }
}
