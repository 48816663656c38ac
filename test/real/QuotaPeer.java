// Sets client quotas for test/real/throttle.test.ts: run from source with the kafka-clients jar on the class path and the
// bootstrap servers as its argument. Reads commands, one a line, and answers each with "end".
//
//   quota CLIENT_ID NAME VALUE    a quota of that client id, such as producer_byte_rate; "none" takes it away
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.quota.ClientQuotaAlteration;
import org.apache.kafka.common.quota.ClientQuotaEntity;

public class QuotaPeer {
    public static void main(String[] args) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        try (Admin admin = Admin.create(Map.<String, Object>of("bootstrap.servers", args[0]))) {
            for (String line; (line = commands.readLine()) != null; ) {
                String[] words = line.split(" ");
                var entity = new ClientQuotaEntity(Map.of(ClientQuotaEntity.CLIENT_ID, words[1]));
                Double value = words[3].equals("none") ? null : Double.valueOf(words[3]);
                var op = new ClientQuotaAlteration.Op(words[2], value);
                admin.alterClientQuotas(List.of(new ClientQuotaAlteration(entity, List.of(op)))).all().get();
                System.out.println("end");
                System.out.flush();
            }
        }
    }
}
