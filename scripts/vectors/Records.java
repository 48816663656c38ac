// Record batches and murmur2 hashes as Kafka's own Java client makes them, for test/golden/records.test.ts.
// java -cp <kafka-clients 4.1.0, slf4j-api> scripts/vectors/Records.java <directory> [seed]
// Writes batches.jsonl (a batch a line: options, records, bytes; binary in base64) and murmur2.jsonl. The committed sample is
// made with seed 4 into test/golden/vectors/records.
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.message.LeaderChangeMessage;
import org.apache.kafka.common.record.ControlRecordType;
import org.apache.kafka.common.record.EndTransactionMarker;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.Utils;

public class Records {
    record Rec(long timestamp, byte[] key, byte[] value, Header[] headers) {}

    record Opts(String compression, TimestampType type, long logAppendTime, long baseOffset, long producerId,
            short epoch, int sequence, boolean transactional, int leaderEpoch) {}

    static final Opts PLAIN =
        new Opts("none", TimestampType.CREATE_TIME, -1, 0, -1, (short) -1, -1, false, -1);
    static final Opts GZIP =
        new Opts("gzip", TimestampType.CREATE_TIME, -1, 0, -1, (short) -1, -1, false, -1);
    static final long NOW = 1_760_000_000_000L;
    static final String[] NAMES = {"a", "trace-id", "", "größe", "鍵", "🔑", "a very long header name, longer than 64 bytes so that its length takes two"};

    final Random random;
    final PrintWriter out;

    Records(Random random, PrintWriter out) {
        this.random = random;
        this.out = out;
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[0]);
        long seed = args.length > 1 ? Long.parseLong(args[1]) : 4;
        Random random = new Random(seed);
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(directory.resolve("batches.jsonl")))) {
            Records records = new Records(random, out);
            records.named();
            for (int i = 0; i < 40; i++) records.arbitrary("random " + i);
        }
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(directory.resolve("murmur2.jsonl")))) {
            for (int i = 0; i < 200; i++) {
                byte[] key = new byte[i < 40 ? i : random.nextInt(120)];
                random.nextBytes(key);
                out.println("{\"key\":" + base64(key) + ",\"murmur2\":" + Utils.murmur2(key) + "}");
            }
        }
    }

    void named() throws Exception {
        batch("one record", PLAIN, List.of(rec(NOW, "k", "v")));
        batch("null key and null value", PLAIN, List.of(rec(NOW, null, null)));
        batch("empty key and empty value", PLAIN, List.of(rec(NOW, "", "")));
        batch("timestamp zero", PLAIN, List.of(rec(0, "k", "v")));
        batch("headers with duplicates and null values", PLAIN, List.of(new Rec(NOW, null, text("v"), new Header[] {
            header("a", "1"), header("b", null), header("a", "2"), header("a", ""), header("größe", "鍵")})));
        batch("timestamps going back and far ahead", PLAIN, List.of(rec(NOW, null, "now"), rec(NOW - 1, null, "back"),
            rec(NOW + 13L * 86_400_000, null, "beyond 12 days"), rec(NOW + (1L << 31), null, "2^31 on"),
            rec(NOW - (1L << 31), null, "2^31 back"), rec(0, null, "1970"), rec((1L << 53) - 1, null, "2^53 - 1")));
        batch("a timestamp beyond 2^53", PLAIN, List.of(rec(NOW, null, "sane"), rec(Long.MAX_VALUE, null, "wild"), rec(NOW + 1, null, "sane")));
        batch("a base timestamp beyond 2^53", PLAIN, List.of(rec(Long.MAX_VALUE, null, "wild"), rec(Long.MAX_VALUE - 1, null, "wild")));
        for (int size : new int[] {56, 57, 58, 63, 64, 8184, 8185}) {
            batch("value of " + size + " bytes", PLAIN, List.of(new Rec(NOW, null, new byte[size], new Header[0])));
        }
        batch("idempotent", new Opts("none", TimestampType.CREATE_TIME, -1, 0, 4711, (short) 3, 17, false, -1),
            List.of(rec(NOW, "k", "v"), rec(NOW + 5, "k", "v")));
        batch("transactional at a large offset", new Opts("none", TimestampType.CREATE_TIME, -1, 1L << 40, 1L << 33, (short) 0, 0, true, 9),
            List.of(rec(NOW, "k", "v")));
        batch("log append time", new Opts("none", TimestampType.LOG_APPEND_TIME, NOW + 1000, 100, -1, (short) -1, -1, false, 2),
            List.of(rec(NOW, "k", "v"), rec(NOW, "k", "v")));
        List<Rec> many = new ArrayList<>();
        for (int i = 0; i < 300; i++) many.add(rec(NOW + i, "key " + i % 7, "value " + i));
        batch("300 records", PLAIN, many);
        batch("300 records, gzip", GZIP, many);
        batch("one record, gzip", GZIP, List.of(rec(NOW, "k", "v")));
        control("commit marker", MemoryRecords.withEndTransactionMarker(7, NOW, 2, 4711, (short) 3,
            new EndTransactionMarker(ControlRecordType.COMMIT, 12)));
        control("abort marker", MemoryRecords.withEndTransactionMarker(8, NOW, 2, 4711, (short) 3,
            new EndTransactionMarker(ControlRecordType.ABORT, 13)));
        control("leader change", MemoryRecords.withLeaderChangeMessage(9, NOW, 5, ByteBuffer.allocate(256),
            new LeaderChangeMessage().setLeaderId(1)));
    }

    void arbitrary(String name) {
        boolean gzip = random.nextInt(4) == 0;
        boolean idempotent = random.nextBoolean();
        Opts opts = new Opts(gzip ? "gzip" : "none", TimestampType.CREATE_TIME, -1, random.nextInt(1 << 30) * 1024L,
            idempotent ? random.nextInt(1 << 30) : -1, (short) (idempotent ? random.nextInt(1 << 15) : -1),
            idempotent ? random.nextInt(Integer.MAX_VALUE) : -1, false, random.nextInt(1000) - 1);
        List<Rec> records = new ArrayList<>();
        int count = 1 + random.nextInt(12);
        long time = NOW;
        for (int i = 0; i < count; i++) {
            time += random.nextInt(10) == 0 ? random.nextLong() >> 16 : random.nextInt(20_000) - 3_000;
            time = Math.max(0, Math.min(time, 1L << 50));
            Header[] headers = new Header[random.nextInt(3) == 0 ? random.nextInt(5) : 0];
            for (int h = 0; h < headers.length; h++) {
                headers[h] = new RecordHeader(NAMES[random.nextInt(NAMES.length)], bytes(20));
            }
            records.add(new Rec(time, bytes(random.nextInt(3) == 0 ? 100 : 12), bytes(random.nextInt(5) == 0 ? 700 : 60), headers));
        }
        batch(name, opts, records);
    }

    byte[] bytes(int most) {
        if (random.nextInt(6) == 0) return null;
        byte[] bytes = new byte[random.nextInt(6) == 0 ? 0 : random.nextInt(most)];
        random.nextBytes(bytes);
        return bytes;
    }

    void batch(String name, Opts opts, List<Rec> records) {
        Compression compression = opts.compression.equals("gzip") ? Compression.gzip().build() : Compression.NONE;
        MemoryRecordsBuilder builder = new MemoryRecordsBuilder(ByteBuffer.allocate(1 << 16), RecordBatch.MAGIC_VALUE_V2,
            compression, opts.type, opts.baseOffset, opts.logAppendTime, opts.producerId, opts.epoch, opts.sequence,
            opts.transactional, false, opts.leaderEpoch, 1 << 16);
        for (Rec rec : records) builder.append(rec.timestamp, rec.key, rec.value, rec.headers);
        StringBuilder json = new StringBuilder("{\"name\":\"" + name + "\",\"control\":false,\"records\":[");
        for (int i = 0; i < records.size(); i++) {
            Rec rec = records.get(i);
            // Beyond 2^53 a JSON number is no double: null says so.
            String timestamp = rec.timestamp > (1L << 53) - 1 ? "null" : String.valueOf(rec.timestamp);
            json.append(i > 0 ? "," : "").append(one(timestamp, rec.key, rec.value, rec.headers));
        }
        finish(json, builder.build());
    }

    /** What Kafka reads from a control batch is what ours must read. */
    void control(String name, MemoryRecords records) {
        StringBuilder json = new StringBuilder("{\"name\":\"" + name + "\",\"control\":true,\"records\":[");
        for (Record record : records.records()) {
            json.append(one(String.valueOf(record.timestamp()), array(record.key()), array(record.value()), record.headers()));
        }
        finish(json, records);
    }

    void finish(StringBuilder json, MemoryRecords records) {
        byte[] bytes = array(records.buffer());
        RecordBatch batch = records.batches().iterator().next();
        json.append("],\"baseOffset\":").append(batch.baseOffset());
        json.append(",\"lastOffset\":").append(batch.lastOffset());
        json.append(",\"leaderEpoch\":").append(batch.partitionLeaderEpoch());
        json.append(",\"producerId\":").append(batch.producerId());
        json.append(",\"producerEpoch\":").append(batch.producerEpoch());
        json.append(",\"baseSequence\":").append(batch.baseSequence());
        json.append(",\"compression\":").append(batch.compressionType().id);
        json.append(",\"logAppendTime\":").append(batch.timestampType() == TimestampType.LOG_APPEND_TIME);
        json.append(",\"transactional\":").append(batch.isTransactional());
        json.append(",\"checksum\":").append(batch.checksum());
        String max = batch.maxTimestamp() > (1L << 53) - 1 ? "null" : String.valueOf(batch.maxTimestamp());
        json.append(",\"maxTimestamp\":").append(max);
        out.println(json.append(",\"bytes\":").append(base64(bytes)).append("}"));
    }

    static String one(String timestamp, byte[] key, byte[] value, Header[] headers) {
        StringBuilder json = new StringBuilder("{\"timestamp\":" + timestamp + ",\"key\":" + base64(key) + ",\"value\":" + base64(value) + ",\"headers\":[");
        for (int i = 0; i < headers.length; i++) {
            json.append(i > 0 ? ",[" : "[").append(base64(text(headers[i].key()))).append(",").append(base64(headers[i].value())).append("]");
        }
        return json.append("]}").toString();
    }

    static Rec rec(long timestamp, String key, String value) {
        return new Rec(timestamp, text(key), text(value), new Header[0]);
    }

    static Header header(String name, String value) {
        return new RecordHeader(name, text(value));
    }

    static byte[] text(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] array(ByteBuffer buffer) {
        return buffer == null ? null : Utils.toArray(buffer.duplicate());
    }

    static String base64(byte[] bytes) {
        return bytes == null ? "null" : "\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }
}
