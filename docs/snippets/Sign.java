// Signs and sends one request:  java Sign.java METHOD URL [BODY]

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Sign {
    public static void main(String[] args) throws Exception {
        String method = args[0];
        URI url = URI.create(args[1]);
        String body = args.length > 2 ? args[2] : "";

        byte[] secret = Files
            .readString(Path.of(System.getenv("PAY_SECRET_FILE")), ISO_8859_1)
            .replaceFirst("\r?\n\\z", "").getBytes(ISO_8859_1);

        // path and query as sent
        String query = url.getRawQuery();
        String target = url.getRawPath() + (query == null ? "" : "?" + query);
        long timestamp = Instant.now().getEpochSecond();
        String nonce = UUID.randomUUID().toString();

        String text = method + "\n" + target + "\n" + timestamp + "\n"
            + nonce + "\n" + body + "\n";
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(secret, "HmacSHA256"));
        String signature = Base64.getEncoder()
            .encodeToString(mac.doFinal(text.getBytes(UTF_8)));

        String authorization = String.format("PAY-HMAC-SHA256 merchant=\"%s\""
            + ",key=\"%s\",timestamp=\"%d\",nonce=\"%s\",signature=\"%s\"",
            System.getenv("PAY_MERCHANT"), System.getenv("PAY_KEY"),
            timestamp, nonce, signature);

        HttpRequest request = HttpRequest.newBuilder(url)
            .method(method, HttpRequest.BodyPublishers.ofString(body))
            .header("Authorization", authorization)
            .header("Content-Type", "application/json")
            .build();
        HttpResponse<String> answer = HttpClient.newHttpClient()
            .send(request, HttpResponse.BodyHandlers.ofString());

        System.out.println(answer.body());
        System.out.println(answer.statusCode());
    }
}
