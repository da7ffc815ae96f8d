import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.math.BigInteger;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.stream.StreamSupport;
import org.bouncycastle.asn1.gm.GMNamedCurves;
import org.bouncycastle.crypto.params.ECDomainParameters;
import org.bouncycastle.crypto.params.ECPublicKeyParameters;
import org.bouncycastle.crypto.params.ParametersWithID;
import org.bouncycastle.crypto.signers.PlainDSAEncoding;
import org.bouncycastle.crypto.signers.SM2Signer;
import org.bouncycastle.crypto.signers.StandardDSAEncoding;

public class Verify {
  static final ObjectMapper JSON = new ObjectMapper();
  static final ECDomainParameters CURVE = new ECDomainParameters(GMNamedCurves.getByName("sm2p256v1"));
  static final byte[] USER_ID = "1234567812345678".getBytes(StandardCharsets.US_ASCII);

  /** 验证一个 SM2 令牌，返回其中的内容；不对就抛出异常。 */
  static JsonNode verify(String token, JsonNode keySet, String issuer, String audience) throws Exception {
    String[] parts = token.split("\\.", -1);
    require(parts.length == 3, "不是令牌");
    JsonNode header = JSON.readTree(decode(parts[0]));
    require(header.path("alg").asText().equals("SGD_SM3_SM2"), "不接受这种算法");
    ECPublicKeyParameters key = find(keySet, header.path("kid").asText());

    byte[] signature = decode(parts[2]);
    var encoding = signature.length == 64 ? PlainDSAEncoding.INSTANCE : StandardDSAEncoding.INSTANCE;
    SM2Signer signer = new SM2Signer(encoding);
    signer.init(false, new ParametersWithID(key, USER_ID));
    byte[] signed = (parts[0] + "." + parts[1]).getBytes(StandardCharsets.US_ASCII);
    signer.update(signed, 0, signed.length);
    require(signer.verifySignature(signature), "签名不对");

    JsonNode claims = JSON.readTree(decode(parts[1]));
    require(claims.path("iss").asText().equals(issuer), "签发者不对");
    JsonNode aud = claims.path("aud");
    boolean ours = aud.isArray() ? stream(aud).anyMatch(one -> one.asText().equals(audience)) : aud.asText().equals(audience);
    require(ours, "不是给这个门户的");
    require(claims.path("exp").asLong() > Instant.now().getEpochSecond(), "已过期");
    return claims;
  }

  static ECPublicKeyParameters find(JsonNode keySet, String kid) {
    JsonNode key = stream(keySet.path("keys"))
        .filter(one -> one.path("kid").asText().equals(kid) && one.path("crv").asText().equals("SM2-P-256"))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("没有这把公钥"));
    var x = new BigInteger(1, decode(key.path("x").asText()));
    var y = new BigInteger(1, decode(key.path("y").asText()));
    return new ECPublicKeyParameters(CURVE.getCurve().validatePoint(x, y), CURVE);
  }

  static java.util.stream.Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static byte[] decode(String text) {
    return Base64.getUrlDecoder().decode(text);
  }

  static void require(boolean right, String otherwise) {
    if (!right) throw new IllegalArgumentException(otherwise);
  }

  public static void main(String[] args) throws Exception {
    String keys = args[0].startsWith("http")
        ? HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(args[0])).build(), HttpResponse.BodyHandlers.ofString()).body()
        : Files.readString(Path.of(args[0]));
    String token = new String(System.in.readAllBytes(), StandardCharsets.UTF_8).trim();
    try {
      System.out.println(verify(token, JSON.readTree(keys), args[1], args[2]));
    } catch (IllegalArgumentException | com.fasterxml.jackson.core.JacksonException error) {
      System.err.println(error.getMessage());
      System.exit(1);
    }
  }
}
