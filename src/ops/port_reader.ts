// Reads one port: by sweeps (`receiveMessageOnPort`) and from the event loop, in one order (memory.md, part 1, 6).
// @thread any

import { setImmediate } from 'node:timers';
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';

/** Taken at load: test runners fake it in app threads. */
const soon: typeof setImmediate = setImmediate;

export class PortReader<In> {
  readonly port: MessagePort;
  /** Routes one op; never calls user code, never waits. */
  private readonly route: (op: In) => void;
  /** The other end is gone, or closed the port. What was posted before has been routed. */
  private readonly onClose: () => void;
  closed: boolean;

  /** `woken` runs after a message came through the event loop. */
  constructor(port: MessagePort, route: (op: In) => void, woken: () => void, onClose: () => void) {
    this.port = port;
    this.route = route;
    this.onClose = onClose;
    this.closed = false;
    port.on('message', (op: In) => {
      this.route(op);
      woken();
    });
    port.on('close', () => {
      if (this.closed) return;
      // Reading a port inside its close listener crashes Node 20 and 24, so it is out of every list from here on.
      this.closed = true;
      soon(() => this.onClose());
    });
  }

  /** False when there is nothing to read. */
  readOne(): boolean {
    if (this.closed) return false;
    const got = receiveMessageOnPort(this.port);
    if (got === undefined) return false;
    this.route(got.message as In);
    return true;
  }

  /** True when something was read. */
  drain(): boolean {
    let any = false;
    while (this.readOne()) any = true;
    return any;
  }

  /** Ends it from this side, without `onClose`. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.port.close();
  }
}
