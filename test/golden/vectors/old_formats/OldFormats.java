// Message sets of the formats v0 and v1 as Kafka's Java client writes them, for test/golden/old_formats.test.ts. See make.sh.
// java -cp '<jars of kafka-clients 3.9.0>' OldFormats.java > sets.jsonl   (4.1 can, but its log cleaner makes v2 of them)
// A line has a name, the bytes (base64), and the records that Java itself reads out of them.
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.MemoryRecords;
import org.apache.kafka.common.record.MemoryRecordsBuilder;
import org.apache.kafka.common.record.Record;
import org.apache.kafka.common.record.RecordBatch;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.Utils;

public class OldFormats {
    static final String[] CODECS = {"none", "gzip", "snappy", "lz4"};
    static final long NOW = 1_500_000_000_000L;
    static final long APPENDED = 1_511_111_111_111L;
    static final long[] GAPS = {0, 2, 3, 35, 300};

    public static void main(String[] args) {
        for (byte magic = 0; magic <= 1; magic++) {
            for (String codec : CODECS) {
                String name = "v" + magic + " " + codec;
                line(name, few(magic, codec, TimestampType.CREATE_TIME, 1000, new long[] {0, 1, 2, 3, 4}));
                line(name + ", one message", few(magic, codec, TimestampType.CREATE_TIME, 5_000_000_000L, new long[] {0}));
                line(name + ", gaps", few(magic, codec, TimestampType.CREATE_TIME, 70, GAPS));
                line(name + ", compacted", compacted(magic, codec));
                line(name + ", many", many(magic, codec));
                if (magic == 1)
                    line(name + ", log append time", few(magic, codec, TimestampType.LOG_APPEND_TIME, 7, new long[] {0, 1, 2, 3, 4}));
            }
        }
        line("every format in one log", all());
    }

    static MemoryRecordsBuilder builder(byte magic, String codec, TimestampType type, long base) {
        TimestampType known = magic == 0 ? TimestampType.NO_TIMESTAMP_TYPE : type;
        long appended = known == TimestampType.LOG_APPEND_TIME ? APPENDED : RecordBatch.NO_TIMESTAMP;
        return MemoryRecords.builder(ByteBuffer.allocate(1 << 16), magic, Compression.of(codec).build(), known, base, appended);
    }

    static byte[] few(byte magic, String codec, TimestampType type, long base, long[] deltas) {
        byte[][] keys = {utf8("key"), null, new byte[0], utf8("größe"), null};
        byte[][] values = {utf8("value"), utf8("no key"), utf8("empty key"), null, new byte[0]};
        MemoryRecordsBuilder builder = builder(magic, codec, type, base);
        for (int i = 0; i < deltas.length; i++)
            builder.appendWithOffset(base + deltas[i], magic == 0 ? RecordBatch.NO_TIMESTAMP : NOW + 1000 * i, keys[i], values[i]);
        return bytes(builder.build());
    }

    static byte[] many(byte magic, String codec) {
        MemoryRecordsBuilder builder = builder(magic, codec, TimestampType.CREATE_TIME, 1);
        for (int i = 0; i < 50; i++)
            builder.append(magic == 0 ? RecordBatch.NO_TIMESTAMP : NOW - 7 * i, utf8("k" + i % 7), utf8("{\"number\":" + i + "}"));
        return bytes(builder.build());
    }

    /** As the broker's log cleaner leaves it: every third message is kept. */
    static byte[] compacted(byte magic, String codec) {
        ByteBuffer kept = ByteBuffer.allocate(1 << 16);
        MemoryRecords.RecordFilter filter = new MemoryRecords.RecordFilter(0, 0) {
            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                return new BatchRetentionResult(BatchRetention.DELETE_EMPTY, false);
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
                return record.offset() % 3 == 2;
            }
        };
        byte[] whole = joined(many(magic, codec), moved(magic, codec, 51), moved(magic, codec, 200));
        MemoryRecords.readableRecords(ByteBuffer.wrap(whole)).filterTo(new TopicPartition("t", 0), filter, kept, 1 << 16, BufferSupplier.NO_CACHING);
        kept.flip();
        return Utils.toArray(kept);
    }

    static byte[] moved(byte magic, String codec, long base) {
        return few(magic, codec, TimestampType.CREATE_TIME, base, new long[] {0, 1, 2, 3, 4});
    }

    static byte[] all() {
        List<byte[]> parts = new ArrayList<>();
        long base = 0;
        for (byte magic = 0; magic <= 2; magic++) {
            for (String codec : CODECS) {
                parts.add(moved(magic, codec, base));
                base += 5;
            }
        }
        return joined(parts.toArray(new byte[0][]));
    }

    static byte[] joined(byte[]... parts) {
        int size = 0;
        for (byte[] part : parts) size += part.length;
        ByteBuffer all = ByteBuffer.allocate(size);
        for (byte[] part : parts) all.put(part);
        return all.array();
    }

    static byte[] bytes(MemoryRecords records) {
        return Utils.toArray(records.buffer());
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void line(String name, byte[] bytes) {
        StringBuilder out = new StringBuilder("{\"name\":\"" + name + "\",\"bytes\":\"" + base64(bytes) + "\",\"records\":[");
        String comma = "";
        for (RecordBatch batch : MemoryRecords.readableRecords(ByteBuffer.wrap(bytes)).batches()) {
            for (Record record : batch) {
                out.append(comma).append("{\"offset\":").append(record.offset());
                out.append(",\"timestamp\":").append(record.timestamp());
                out.append(",\"type\":").append(batch.timestampType() == TimestampType.NO_TIMESTAMP_TYPE ? 0 : batch.timestampType().id + 1);
                out.append(",\"key\":").append(field(record.key())).append(",\"value\":").append(field(record.value())).append("}");
                comma = ",";
            }
        }
        System.out.println(out.append("]}"));
    }

    static String field(ByteBuffer field) {
        return field == null ? "null" : "\"" + base64(Utils.toArray(field)) + "\"";
    }

    static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
