// From a row of reference/functions.tsv to the TypeScript signature that api.md's rules give it. The tables below are
// "Which parameter is what" of api.md section 1; a new case is looked up in librdkafka's source and added there and here.

export interface FunctionRow {
  readonly name: string;
  readonly header: string;
  readonly section: string;
  readonly return_type: string;
  readonly params: string;
  readonly mode: string;
  readonly nullable: string;
}

export interface Param {
  readonly name: string;
  /** TypeScript; null: not derivable, any type will do. */
  readonly type: string | null;
  readonly optional?: boolean;
  readonly rest?: boolean;
}

export interface Signature {
  readonly params: readonly Param[];
  /** null: only checked to be a promise. */
  readonly result: string | null;
}

interface CParam {
  readonly name: string;
  readonly ctype: string;
}

/** Out-parameters of whatever function (rule 12), by name: their type. */
const OUT: Readonly<Record<string, string>> = {
  errdescs: 'rd_kafka_err_desc[]',
  valuep: 'Buffer | null',
  namep: 'string',
  hdrsp: 'rd_kafka_headers_t',
  dest: 'string',
  dst: 'string',
  low: 'number',
  high: 'number',
  bufferp: 'Buffer | null',
  cgmdp: 'rd_kafka_consumer_group_metadata_t',
  metadatap: 'rd_kafka_metadata',
  grplistp: 'rd_kafka_group_list',
  tstype: 'rd_kafka_timestamp_type_t',
  member_ids_out: 'string[]',
};
/** Out-parameters whose name means something else elsewhere: function.parameter. */
const OUT_OF: Readonly<Record<string, string>> = {
  'event_log.fac': 'string',
  'event_log.str': 'string',
  'event_log.level': 'number',
  'subscription.topics': 'rd_kafka_topic_partition_list_t',
  'share_subscription.topics': 'rd_kafka_topic_partition_list_t',
  'assignment.partitions': 'rd_kafka_topic_partition_list_t',
  'share_commit_sync.partitions': 'rd_kafka_topic_partition_list_t',
  'share_poll.rkmessages': 'rd_kafka_messages_t',
  'mock_broker_error_stack_cnt.cntp': 'number',
};
/** Sizes that go with an out-parameter or errstr: they vanish. */
const OUT_SIZES: ReadonlySet<string> = new Set(['errstr_size', 'sizep', 'dest_size', 'dstsize', 'member_cnt_out']);
/** Arrays lent by the caller (rule 11): array and capacity stay. */
const LENT: ReadonlySet<string> = new Set([
  'consume_batch.rkmessages',
  'consume_batch_queue.rkmessages',
  'event_message_array.rkmessages',
]);
/** Pointer and length in are one value (rule 8): pointer name to length name. */
const BYTES: Readonly<Record<string, string>> = {
  payload: 'len size',
  key: 'keylen',
  value: 'value_size',
  buffer: 'size',
  password: 'password_size',
  salt: 'salt_size',
};
/** Counts beside an input array (rule 10): they vanish, but before varargs. */
const COUNTS: ReadonlySet<string> = new Set([
  ...['filter_cnt', 'cnt', 'message_cnt', 'extension_size', 'groups_cnt', 'user_cnt', 'topics_cnt', 'broker_id_cnt'],
  ...['member_cnt', 'metrics_cnt', 'mreq_cnt', 'name_size', 'config_cnt', 'new_topic_cnt', 'del_topic_cnt'],
  ...['new_parts_cnt', 'del_record_cnt', 'del_group_cnt', 'list_grpoffset_cnt', 'list_grpoffsets_cnt'],
  ...['alter_grpoffset_cnt', 'alter_grpoffsets_cnt', 'del_grpoffset_cnt', 'del_grpoffsets_cnt', 'alteration_cnt'],
  ...['acl_bindings_cnt', 'new_acls_cnt', 'del_acls_cnt', 'consumer_group_states_cnt', 'consumer_group_types_cnt'],
]);
/** Where C says `T *` and an array is meant. */
const ARRAYS: ReadonlySet<string> = new Set([
  ...['vus', 'broker_ids', 'errors', 'consumer_group_states', 'consumer_group_types'],
  'rkmessages',
]);
const YES_NO: ReadonlySet<string> = new Set(['async', 'all_topics', 'enable', 'true_or_false']);
const OPAQUES: RegExp = /opaque$|^callback_data$|^ptr$/;
const SIZE_HINTS: ReadonlySet<string> = new Set(['headers_new.initial_count', 'topic_partition_list_new.size']);

/** Calls that write into the list they are given: a list or objects. */
const FILLS: ReadonlySet<string> = new Set([
  ...['pause_partitions', 'resume_partitions', 'offsets_for_times', 'seek_partitions', 'offsets_store', 'committed'],
  'position',
]);

/** `null` is taken for: parameter, or function.parameter. Bytes, Out, errstr, callbacks and opaques take it by their type. */
const NULLABLE: ReadonlySet<string> = new Set([
  ...['new.conf', 'topic_new.conf', 'conf_set.value', 'topic_conf_set.value', 'ConfigResource_set_config.value'],
  ...['only_rkt', 'list_groups.group', 'assign.partitions', 'commit.offsets', 'commit_queue.offsets'],
  ...['queue_forward.dst', 'set_log_queue.rkqu', 'commit_queue.rkqu', 'dump.rk', 'log_print.rk', 'mem_calloc.rk'],
  ...['mem_malloc.rk', 'mem_free.rk', 'group_instance_id', 'AclBindingFilter_new.name'],
  ...['AclBindingFilter_new.principal', 'AclBindingFilter_new.host', 'users', 'error_code.error', 'error_name.error'],
  ...['error_string.error', 'error_is_fatal.error', 'error_is_retriable.error', 'error_txn_requires_abort.error'],
  ...['error_destroy.error', 'event_type.rkev', 'event_name.rkev', 'event_destroy.rkev', 'messages_count.messages'],
  ...['messages_destroy.messages', 'mock_cgrp_consumer_target_assignment.target_assignment'],
]);
/** C answers null with an error code, so the type may have it or not (MaybeNull); likewise interceptors. */
const NULL_IS_AN_ERROR: ReadonlySet<string> = new Set([
  ...['incremental_assign.partitions', 'incremental_unassign.partitions', 'sasl_set_credentials.username'],
  'consumer_close_queue.rkqu',
  'sasl_set_credentials.password',
]);

const CALLBACKS: Readonly<Record<string, string>> = {
  'topic_partition_list_sort.cmp': 'PartitionCmp',
  'conf_set_background_event_cb.event_cb': 'BackgroundEventCb',
  'queue_cb_event_enable.event_cb': 'QueueEventCb',
  dr_cb: 'DrCb',
  dr_msg_cb: 'DrMsgCb',
  consume_cb: 'ConsumeCb',
  rebalance_cb: 'RebalanceCb',
  offset_commit_cb: 'OffsetCommitCb',
  'commit_queue.cb': 'OffsetCommitCb',
  error_cb: 'ErrorCb',
  throttle_cb: 'ThrottleCb',
  log_cb: 'LogCb',
  'set_logger.func': 'LogCb',
  stats_cb: 'StatsCb',
  oauthbearer_token_refresh_cb: 'OauthbearerTokenRefreshCb',
  socket_cb: 'SocketCb',
  connect_cb: 'ConnectCb',
  closesocket_cb: 'ClosesocketCb',
  open_cb: 'OpenCb',
  resolve_cb: 'ResolveCb',
  ssl_cert_verify_cb: 'SslCertVerifyCb',
  partitioner: 'PartitionerCb',
  msg_order_cmp: 'MsgOrderCmp',
  share_acknowledgement_commit_cb: 'ShareAcknowledgementCommitCb',
};

const INTEGER = /^(?:const )?(?:unsigned )?(?:int|int16_t|int32_t|int64_t|uint16_t|size_t|ssize_t|mode_t)$/;
/** Results that are arrays of values, not of pointers. */
const RESULT_ARRAYS: Readonly<Record<string, string>> = {
  brokers_learned_ids: 'number[]',
  share_partition_offsets_offsets: 'number[]',
};
/** The only arrays that may be null: not asked for (rule 14). */
const NULL_ARRAYS = /_authorized_operations$/;

/** The signature of a C function. */
export function signatureOf(row: FunctionRow): Signature {
  const fn = row.name.replace('rd_kafka_', '');
  const cparams = parse(row.params);
  const params: Param[] = [];
  cparams.forEach((param, i) => {
    const derived = paramOf(fn, row, param, cparams[i + 1], cparams[i - 1]);
    if (derived !== null) params.push(derived);
  });
  return { params, result: resultOf(fn, row) };
}

function parse(text: string): CParam[] {
  if (text === 'void' || text === '') return [];
  return text.split('; ').map((one) => {
    const callback = /\(\*(\w+)\)/.exec(one);
    if (callback) return { name: callback[1] as string, ctype: 'callback' };
    if (one === '...') return { name: '...', ctype: '...' };
    const m = /^(.*?[\s*])(\w+)$/.exec(one);
    if (m === null || /_t \*$/.test(one)) return { name: '', ctype: one.trim() };
    return { name: m[2] as string, ctype: (m[1] as string).trim() };
  });
}

function paramOf(fn: string, row: FunctionRow, { name, ctype }: CParam, next?: CParam, before?: CParam): Param | null {
  const full = `${fn}.${name}`;
  if (ctype === '...') return restOf(fn);
  if (ctype === 'callback') return { name, type: `${CALLBACKS[full] ?? CALLBACKS[name]} | null` };
  if (OUT_SIZES.has(name)) return null;
  const outType = OUT_OF[full] ?? OUT[name];
  if (outType !== undefined && (OUT_OF[full] !== undefined || (/\*/.test(ctype) && ctype !== 'rd_kafka_queue_t *'))) {
    return { name, type: `Out<${outType}> | null` };
  }
  if (/cntp$/.test(name)) return null;
  if (name === 'errstr' && ctype === 'char *') return { name, type: 'Out<string> | null', optional: true };
  if (LENT.has(full)) return { name, type: 'rd_kafka_message_t[]' };
  if (BYTES[before?.name ?? '']?.split(' ').includes(name) && /void|char/.test(before?.ctype ?? '')) return null;
  if (BYTES[name]?.split(' ').includes(next?.name ?? '') && /void|char/.test(ctype)) return { name, type: 'Bytes' };
  // Partitioners, whose key is followed by keylen; and the header value, whose length is signed.
  if (COUNTS.has(name) && INTEGER.test(ctype) && next?.ctype !== '...') return null;
  if (YES_NO.has(name) && ctype === 'int') return { name, type: 'boolean | number' };
  if (OPAQUES.test(name)) return { name, type: 'any', ...(fn === 'produce' ? { optional: true } : {}) };
  if (fn === 'error_new' && name === 'fmt') return { name: 'text', type: 'string' };
  if (fn === 'queue_io_event_enable' && name === 'fd') return { name, type: null };
  if (SIZE_HINTS.has(full)) return { name, type: 'number', optional: true };
  const type = inputType(fn, row, name, ctype);
  const nullable = NULLABLE.has(full) || NULLABLE.has(name) || (name === 'options' && row.mode === 'nonblocking');
  const open = NULL_IS_AN_ERROR.has(full) || fn.startsWith('share_') || /interceptor_f_/.test(ctype);
  if (open) return { name, type: `MaybeNull<${type}>` };
  return { name, type: nullable ? `${type} | null` : type };
}

function restOf(fn: string): Param | null {
  if (fn === 'producev') return { name: 'tags', type: '(rd_kafka_vu_t | typeof RD_KAFKA_V_END)[]', rest: true };
  if (fn === 'error_new') return null;
  return { name: '...', type: 'number[]', rest: true };
}

function inputType(fn: string, row: FunctionRow, name: string, ctype: string): string {
  const plain = ctype
    .replace(/\bconst\b/g, '')
    .replace(/\bstruct\b/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (plain === 'FILE *') return '{ write(text: string): unknown }';
  if (row.section === 'uuid' && plain === 'int64_t') return 'bigint';
  if (plain.startsWith('rd_kafka_topic_partition_list_t *') && row.section !== 'partition_list') {
    if (plain.endsWith('**')) return 'readonly TopicPartitions[]';
    return FILLS.has(fn) ? 'TopicPartitionsToFill' : 'TopicPartitions';
  }
  if (fn === 'produce_batch' && name === 'rkmessages') return 'readonly ProduceBatchMessage[]';
  if (plain.endsWith('**') || (ARRAYS.has(name) && plain.endsWith('*'))) {
    return `readonly ${element(plain.replace(/\s*\*+$/, ''))}[]`;
  }
  return element(plain.replace(/\s*\*$/, ''));
}

/** TypeScript for a C type without its pointer; `char` is a string. */
function element(ctype: string): string {
  if (ctype === 'char') return 'string';
  return INTEGER.test(ctype) ? 'number' : ctype;
}

function resultOf(fn: string, row: FunctionRow): string {
  const ctype = row.return_type
    .replace(/\bconst\b/g, '')
    .replace(/\bstruct\b/g, '')
    .replace(/\s+/g, ' ')
    .trim();
  if (ctype === 'void *') return row.section === 'mem' ? 'Buffer' : 'any';
  if (row.section === 'uuid' && ctype === 'int64_t') return 'bigint';
  if (RESULT_ARRAYS[fn] !== undefined) return RESULT_ARRAYS[fn];
  const isArray = /cntp\b/.test(row.params) && ctype.endsWith('*');
  if (isArray) return `${element(ctype.replace(/\s*\*+$/, ''))}[]${NULL_ARRAYS.test(fn) ? ' | null' : ''}`;
  return `${element(ctype.replace(/\s*\*$/, ''))}${row.nullable === 'y' ? ' | null' : ''}`;
}

/** Whether the function has a promise twin (rule 34). */
export function hasTwin(row: FunctionRow): boolean {
  return row.mode.startsWith('blocking') || (/^admin/.test(row.section) && /\brkqu\b/.test(row.params));
}

/** Results that are a code or -1 though their C type is int. */
const NUMBER_IS_A_CODE: ReadonlySet<string> = new Set(['consume_stop', 'wait_destroyed']);

/** The signature of the twin; what the rules leave open is null. */
export function twinOf(row: FunctionRow): Signature {
  const fn = row.name.replace('rd_kafka_', '');
  const plain = signatureOf(row);
  // The queue that a call is about stays; the queue that the answer would go to does not.
  const dropped = (param: Param, i: number): boolean =>
    /^Out</.test(param.type ?? '') ||
    LENT.has(`${fn}.${param.name}`) ||
    param.name === 'async' ||
    (param.name === 'rkqu' && i > 0);
  const params = plain.params.filter((param, i) => !dropped(param, i));
  const last = params.at(-1);
  if (last?.name === 'timeout_ms') params[params.length - 1] = { ...last, optional: true };
  if (!last?.rest) params.push({ name: 'o', type: '{ signal?: AbortSignal }', optional: true });
  return { params, result: twinResult(fn, row, plain) };
}

function twinResult(fn: string, row: FunctionRow, plain: Signature): string | null {
  const outs = plain.params.filter((param) => /^Out</.test(param.type ?? '') && param.name !== 'errstr');
  const type = (param: Param): string => (param.type ?? '').replace(/^Out<(.*)> \| null$/, '$1');
  if (outs.length === 1) return `Promise<${type(outs[0] as Param)}>`;
  if (outs.length > 1) return `Promise<{ ${outs.map((one) => `${one.name}: ${type(one)}`).join('; ')} }>`;
  if (/^admin/.test(row.section) || FILLS.has(fn) || NUMBER_IS_A_CODE.has(fn)) return null;
  if (plain.params.some((param) => LENT.has(`${fn}.${param.name}`))) return 'Promise<rd_kafka_message_t[]>';
  const isCode = /^rd_kafka_resp_err_t$|^rd_kafka_error_t( \| null)?$/.test(plain.result ?? '');
  if (isCode || plain.result === 'void') return 'Promise<void>';
  // A handle that can't be made rejects; a message or a name may still be null.
  return `Promise<${/_new$|^new$/.test(fn) ? (plain.result ?? '').replace(' | null', '') : plain.result}>`;
}

/** `(rk: rd_kafka_t, timeout_ms?: number): Promise<number>`, for a declaration file and for people. */
export function declarationOf(signature: Signature): string {
  const params = signature.params.map((param, i) => {
    const name = /^\w+$/.test(param.name) ? param.name : `p${i}`;
    return `${param.rest ? '...' : ''}${name}${param.optional ? '?' : ''}: ${param.type ?? 'any'}`;
  });
  return `(${params.join(', ')}): ${signature.result ?? 'any'}`;
}
