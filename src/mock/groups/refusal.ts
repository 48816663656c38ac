// What a group coordinator throws to refuse a request: Kafka's code, and why. @thread mock

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

/** Runs `act`; a Refusal becomes what `refused` makes of it, all else is thrown on. */
export function orRefused<T>(act: () => T, refused: (refusal: Refusal) => T): T {
  try {
    return act();
  } catch (error) {
    if ((error as Error).name !== 'Refusal') throw error;
    return refused(error as Refusal);
  }
}
