// TCP: one preallocated receive buffer, writes that are not copied, addresses tried in turn. @thread main|broker
import { connect, type Socket } from 'node:net';
import type { Clock } from '../rd/clock.ts';
import { hostPort } from '../rd/host_port.ts';
import { copyPieces, sizeOf } from '../rd/shared_copy.ts';
import { Addresses, FAMILIES, type Lookup, reasonOf, systemLookup } from './addresses.ts';
import type { Dialer, Transport, TransportEvents } from './transport.ts';

/** The properties that matter here, under their names in Settings. */
export interface TcpSettings {
  readonly 'broker.address.family': 'any' | 'v4' | 'v6';
  readonly 'broker.address.ttl': number;
  readonly 'socket.keepalive.enable': boolean;
  readonly 'socket.nagle.disable': boolean;
}

/** What one read from the socket can bring. Larger saves calls while fetching; nothing is zeroed or touched unused. */
const RECEIVE_BYTES = 256 * 1024;
/** Frames up to here go out as one piece: a copy costs less than a cork and a vectored write. */
const JOIN_UP_TO = 4096;

/** Dials TCP connections to one peer. They share one receive buffer, so only the newest may be alive. */
export class TcpDialer implements Dialer {
  private readonly settings: TcpSettings;
  private readonly addresses: Addresses;
  private readonly buffer: Buffer;

  constructor(settings: TcpSettings, clock: Clock, lookup: Lookup = systemLookup) {
    this.settings = settings;
    const family = FAMILIES[settings['broker.address.family']];
    this.addresses = new Addresses(lookup, clock, settings['broker.address.ttl'], family);
    this.buffer = Buffer.allocUnsafeSlow(RECEIVE_BYTES);
  }

  get moreAddresses(): boolean {
    return this.addresses.untried > 0;
  }

  dial(host: string, port: number, events: TransportEvents): Transport {
    return new TcpTransport(host, port, this.settings, this.addresses, this.buffer, events);
  }
}

class TcpTransport implements Transport {
  private readonly settings: TcpSettings;
  private readonly addresses: Addresses;
  private readonly buffer: Buffer;
  private readonly events: TransportEvents;
  private socket: Socket | null;
  private peer: string;
  private up: boolean;
  /** destroy() was called or failed() told: no event but closed() from now on. */
  private ended: boolean;

  constructor(
    host: string,
    port: number,
    settings: TcpSettings,
    addresses: Addresses,
    buffer: Buffer,
    events: TransportEvents,
  ) {
    this.settings = settings;
    this.addresses = addresses;
    this.buffer = buffer;
    this.events = events;
    this.socket = null;
    this.peer = hostPort(host, port);
    this.up = false;
    this.ended = false;
    addresses.next(host, (address, reason) => {
      if (this.ended) return;
      if (address === null) this.fail('resolve', `Failed to resolve '${host}': ${reason}`);
      else this.tryOpen(address.address, address.family, port);
    });
  }

  get bytesPending(): number {
    return this.socket?.writableLength ?? 0;
  }

  write(pieces: readonly Uint8Array[], written: () => void): void {
    const { socket } = this;
    if (socket === null || this.ended || pieces.length === 0) return;
    // Node also calls back, without an error, for a write that destroy() cut off.
    const done = (error?: Error | null): void => {
      if (!error && !this.ended && !socket.destroyed) written();
    };
    const last = pieces.length - 1;
    if (last > 0) {
      const size = sizeOf(pieces);
      if (size <= JOIN_UP_TO) {
        socket.write(copyPieces(Buffer.allocUnsafe(size), pieces), done);
        return;
      }
    }
    if (last > 0) socket.cork();
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Uint8Array);
    socket.write(pieces[last] as Uint8Array, done);
    if (last > 0) socket.uncork();
  }

  destroy(): void {
    if (this.ended) return;
    this.ended = true;
    if (this.socket !== null) this.socket.destroy();
    else setImmediate(() => this.events.closed());
  }

  /** Host and port may come from the network: net.connect throws at once on a port that can't be. */
  private tryOpen(address: string, family: number, port: number): void {
    try {
      this.open(address, family, port);
    } catch (error) {
      setImmediate(() => this.fail('connect', reasonOf(error)));
    }
  }

  private open(address: string, family: number, port: number): void {
    this.peer = hostPort(address, port);
    const socket = connect({
      host: address,
      port,
      family,
      autoSelectFamily: false,
      noDelay: this.settings['socket.nagle.disable'],
      keepAlive: this.settings['socket.keepalive.enable'],
      onread: {
        buffer: this.buffer,
        callback: (size: number, bytes: Uint8Array): boolean => {
          if (!this.ended) this.events.data(bytes.subarray(0, size));
          return !this.ended;
        },
      },
    });
    this.socket = socket;
    socket.on('connect', () => {
      if (this.ended) return;
      this.up = true;
      this.addresses.reached();
      this.events.connected();
    });
    socket.on('error', (error) => this.fail(this.up ? 'lost' : 'connect', reasonOf(error)));
    socket.on('end', () => this.fail('lost', ''));
    socket.on('close', () => {
      // Without 'error' or 'end' before it there is nothing to tell but that it is gone.
      this.fail('lost', '');
      this.events.closed();
    });
  }

  private fail(kind: 'resolve' | 'connect' | 'lost', reason: string): void {
    if (this.ended) return;
    this.ended = true;
    if (kind === 'resolve') this.events.failed(kind, reason);
    else if (kind === 'connect') this.events.failed(kind, `Connect to ${this.peer} failed: ${reason}`);
    else this.events.failed(kind, reason === '' ? 'Disconnected' : `Disconnected: ${reason}`);
    if (this.socket !== null) this.socket.destroy();
    else setImmediate(() => this.events.closed());
  }
}
