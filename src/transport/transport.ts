// What a connection needs of the network, and no more: bytes out, bytes in, and when the socket is gone. Knows no
// protocol; TCP is in tcp.ts, TLS will be a second implementation. @thread main|broker

/** Why a transport ended by itself: the name has no address, no connection came about, or one that stood was lost. */
export type FailureKind = 'resolve' | 'connect' | 'lost';

/** What a transport tells. No event comes from inside a call of its methods or of `dial`. */
export interface TransportEvents {
  /** The connection stands; at most once, before any data. */
  connected(): void;
  /** Bytes from the peer. `chunk` is the socket's own buffer: it is overwritten after the return. */
  data(chunk: Uint8Array): void;
  /** It ended by itself, `reason` tells people why; at most once, never after destroy(). The transport destroys itself. */
  failed(kind: FailureKind, reason: string): void;
  /**
   * The last event, exactly once, after failed() or destroy(): the file descriptor is closed, nothing reads what was
   * given to write() any more.
   */
  closed(): void;
}

/** One connection, or the attempt to make one. */
export interface Transport {
  /**
   * Sends `pieces` one after the other, in one system call where it can, without copying them: they must stay
   * unchanged until `written` is called or closed() comes. They may lie in shared memory. `written` means that every
   * byte has left user land; the calls come in the order of write(); none comes after failed() or destroy().
   */
  write(pieces: readonly Uint8Array[], written: () => void): void;
  /** Bytes given to write() that have not left user land, approximately. */
  readonly bytesPending: number;
  /** Ends it at once, whatever state it is in; what is not written is dropped. Again: nothing. closed() follows. */
  destroy(): void;
}

/** Makes the connections to one peer, one after the other; remembers the peer's addresses between attempts. */
export interface Dialer {
  /** Starts an attempt with the next address of `host`. */
  dial(host: string, port: number, events: TransportEvents): Transport;
  /** The last attempt failed (or is under way) and its host has further addresses that have not been tried since. */
  readonly moreAddresses: boolean;
}
