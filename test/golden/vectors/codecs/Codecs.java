// Streams of Kafka's own Java client and of the libraries that it brings along, for test/golden/codecs.test.ts. See make.sh.
// java -cp '<jars of kafka-clients 4.1.0>' Codecs.java write small.txt large.txt >> streams.jsonl
// java -cp '<...>' Codecs.java read <file with a line "codec base64" for each of our streams>   prints the sha256 of each
import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.utils.BufferSupplier;
import org.apache.kafka.common.utils.ByteBufferOutputStream;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyOutputStream;

public class Codecs {
    public static void main(String[] args) throws Exception {
        if (args[0].equals("read")) read(args[1]);
        else for (int i = 1; i < args.length; i++) write(args[i]);
    }

    static void write(String name) throws Exception {
        byte[] plain = Files.readAllBytes(Path.of(name));
        for (String codec : new String[] {"gzip", "snappy", "lz4", "zstd"})
            line(codec, "Kafka's client 4.1.0", name, kafka(codec, plain, (byte) 2));
        line("lz4", "Kafka's client 4.1.0, message format v0", name, kafka("lz4", plain, (byte) 0));
        line("snappy", "snappy-java, raw", name, Snappy.compress(plain));
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        joined.write(xerial(plain, 0, 100));
        joined.write(xerial(plain, 100, plain.length));
        line("snappy", "snappy-java, two streams in a row", name, joined.toByteArray());
        line("zstd", "zstd-jni, level 22", name, Zstd.compress(plain, 22));
        try (ZstdCompressCtx context = new ZstdCompressCtx()) {
            context.setChecksum(true).setLevel(3);
            line("zstd", "zstd-jni, with checksum", name, context.compress(plain));
        }
    }

    static byte[] kafka(String codec, byte[] plain, byte magic) throws Exception {
        ByteBufferOutputStream out = new ByteBufferOutputStream(1 << 20);
        try (OutputStream stream = Compression.of(codec).build().wrapForOutput(out, magic)) {
            stream.write(plain);
        }
        ByteBuffer buffer = out.buffer();
        buffer.flip();
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    static byte[] xerial(byte[] plain, int from, int to) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (SnappyOutputStream stream = new SnappyOutputStream(out)) {
            stream.write(plain, from, to - from);
        }
        return out.toByteArray();
    }

    static void line(String codec, String by, String plain, byte[] bytes) {
        System.out.println("{\"codec\":\"" + codec + "\",\"by\":\"" + by + "\",\"plain\":\"" + plain + "\",\"bytes\":\""
            + Base64.getEncoder().encodeToString(bytes) + "\"}");
    }

    static void read(String file) throws Exception {
        for (String row : Files.readAllLines(Path.of(file))) {
            String[] parts = row.split(" ");
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(parts[1]));
            Compression compression = Compression.of(CompressionType.forName(parts[0])).build();
            try (InputStream stream = compression.wrapForInput(bytes, (byte) 2, BufferSupplier.NO_CACHING)) {
                byte[] sha = MessageDigest.getInstance("SHA-256").digest(stream.readAllBytes());
                System.out.println(parts[0] + " " + HexFormat.of().formatHex(sha));
            }
        }
    }
}
