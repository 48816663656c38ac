// A transport in memory: the test decides when anything happens. @thread any
import { FrameSplitter, readRequestHeader, responseFrame } from '../../../src/protocol/frame.ts';
import { Reader } from '../../../src/protocol/reader.ts';
import type { Dialer, Transport, TransportEvents } from '../../../src/transport/transport.ts';

export class FakeTransport implements Transport {
  readonly events: TransportEvents;
  /** Request headers in the order of writing. */
  readonly requests: { apiKey: number; apiVersion: number; correlationId: number }[] = [];
  readonly unconfirmed: (() => void)[] = [];
  bytesPending = 0;
  destroyed = false;
  private readonly splitter = new FrameSplitter(1e9);

  constructor(events: TransportEvents) {
    this.events = events;
  }

  write(pieces: readonly Uint8Array[], written: () => void): void {
    this.unconfirmed.push(written);
    for (const piece of pieces) {
      this.splitter.push(piece, (frame) => this.requests.push(readRequestHeader(new Reader(frame))));
    }
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The oldest write leaves user land. */
  confirm(): void {
    this.unconfirmed.shift()?.();
  }

  /** Answers the `index`-th request. */
  answer(index: number, name: 'ApiVersions' | 'Metadata', body: object = {}): void {
    const request = this.requests[index];
    if (request === undefined) throw new Error(`no request ${index}`);
    this.events.data(responseFrame(name, request.apiVersion, request.correlationId, body as never));
  }
}

export class FakeDialer implements Dialer {
  readonly transports: FakeTransport[] = [];
  moreAddresses = false;

  dial(_host: string, _port: number, events: TransportEvents): Transport {
    const transport = new FakeTransport(events);
    this.transports.push(transport);
    return transport;
  }

  get last(): FakeTransport {
    return this.transports.at(-1) as FakeTransport;
  }
}
