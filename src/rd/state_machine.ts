// A state machine that is a table: the states, the legal steps, and one way to take them. @thread any

/** For each state, the states that may follow it. */
export type Steps<S extends string> = Readonly<Record<S, readonly S[]>>;

/** Told of each step after it was taken; `reason` is for people. */
export type Entered<S extends string> = (to: S, from: S, reason: string) => void;

export class StateMachine<S extends string> {
  private readonly name: string;
  private readonly steps: Steps<S>;
  private readonly entered: Entered<S>;
  private current: S;

  /** @param name whose state this is, for errors; @param entered usually logs. */
  constructor(name: string, steps: Steps<S>, initial: S, entered: Entered<S>) {
    this.name = name;
    this.steps = steps;
    this.current = initial;
    this.entered = entered;
  }

  get state(): S {
    return this.current;
  }

  /** True if `to` may follow the current state. */
  may(to: S): boolean {
    return this.steps[this.current].includes(to);
  }

  /** Takes one step. Throws on one that the table does not have: that is a bug of ours, never of a caller or a peer. */
  enter(to: S, reason: string): void {
    const from = this.current;
    if (!this.may(to)) throw new Error(`${this.name}: illegal step ${from} -> ${to} (${reason})`);
    this.current = to;
    this.entered(to, from, reason);
  }
}
