package dev.weir.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OwnNamesTest {

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, localhost:9347, 127.0.0.1, 9347, true",
    "box.lan, box.lan:9347, 192.168.1.5, 9347, true",
    "box.lan, BOX.LAN:9347, 192.168.1.5, 9347, true",
    "box.lan, other.lan:9347, 192.168.1.5, 9347, false",
    "0.0.0.0, 192.168.1.5:9347, 192.168.1.5, 9347, true",
    "0.0.0.0, 192.168.1.6:9347, 192.168.1.5, 9347, false",
    "0.0.0.0, box.lan:9347, 192.168.1.5, 9347, false",
    "::, [fe80::1]:9347, fe80::1, 9347, true",
    "::1, [::1]:9347, ::1, 9347, true",
    "::1, [0:0:0:0:0:0:0:1]:9347, ::1, 9347, true",
    "127.0.0.1, localhost, 127.0.0.1, 80, true",
    "127.0.0.1, localhost:80, 127.0.0.1, 80, true",
    "127.0.0.1, localhost, 127.0.0.1, 9347, false",
    "127.0.0.1, :9347, 127.0.0.1, 9347, false",
    "127.0.0.1, localhost:09347, 127.0.0.1, 9347, false",
    "127.0.0.1, localhost.:9347, 127.0.0.1, 9347, false"
  })
  void areTheChosenNameLoopbackAndTheAddressThatARequestArrivedAt(
      String chosen, String asked, String arrived, int port, boolean own) {
    InetSocketAddress at = new InetSocketAddress(InetAddress.ofLiteral(arrived), port);

    assertThat(new OwnNames(chosen).contain(asked, at)).isEqualTo(own);
  }

  @Test
  void aLinkIsOneThatABrowserCanOpen() {
    assertThat(new OwnNames("127.0.0.1").link(1)).isEqualTo("http://127.0.0.1:1/");
    assertThat(new OwnNames("box.lan").link(1)).isEqualTo("http://box.lan:1/");
    assertThat(new OwnNames("::1").link(1)).isEqualTo("http://[::1]:1/");
    assertThat(new OwnNames("0.0.0.0").link(1)).isEqualTo("http://127.0.0.1:1/");
    assertThat(new OwnNames("::").link(1)).isEqualTo("http://127.0.0.1:1/");
  }
}
