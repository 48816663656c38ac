// What a rule of the finishing step sees and may do. @thread app
import type { Conf } from './conf.ts';

export type ClientType = 'producer' | 'consumer';

export interface Context {
  readonly type: ClientType;
  /** The copy that is being finished: rules may adjust it. */
  readonly conf: Conf;
  /** The user's own, for comparison. */
  readonly given: Conf;
}

/** A text is the reason why the handle can't be made. */
export type Check = (context: Context) => string | null;
export type Adjust = (context: Context) => void;
export type Rule = Check | Adjust;
