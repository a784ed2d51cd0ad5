package dev.weir.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// What a user reads when numbers do not fit together.
class TensorExceptionTest {
  private static final Shape SHAPE = Shape.of("pos", 7, "d_model", 512);

  private static Map<String, TensorException> everyWayToFail() {
    Map<String, TensorException> all = new LinkedHashMap<>();
    all.put("badAxis", TensorException.badAxis("", -1));
    all.put("repeatedAxis", TensorException.repeatedAxis("[pos=7, pos=7]"));
    all.put("noSuchAxis", TensorException.noSuchAxis("head", SHAPE));
    all.put("unknownDType", TensorException.unknownDType("int8"));
    all.put(
        "wrongShape",
        TensorException.wrongShape("resid", SHAPE, Shape.of("pos", 7, "d_model", 768)));
    all.put("wrongCount", TensorException.wrongCount(2, SHAPE));
    all.put("tooLittleMemory", TensorException.tooLittleMemory(20, 14_336, SHAPE));
    all.put("notOneNumber", TensorException.notOneNumber(SHAPE));
    all.put("sizesDiffer", TensorException.sizesDiffer("pos", SHAPE, Shape.of("pos", 8)));
    try (Scope _ = Scope.open()) {
      Tensor a = Tensor.zeros(Shape.of("a", 1), DType.FLOAT32);
      all.put("dtypesDiffer", TensorException.dtypesDiffer(a, a.to(DType.BFLOAT16)));
    }
    all.put("notNeighbours", TensorException.notNeighbours("[d_model, pos]", SHAPE));
    all.put("notAnOrder", TensorException.notAnOrder("[pos]", SHAPE));
    all.put("outside", TensorException.outside("pos", 6, 2, SHAPE));
    all.put("cannotView", TensorException.cannotView(SHAPE, Shape.of("a", 3)));
    all.put("unknownDevice", TensorException.unknownDevice("tpu"));
    all.put("noCuda", TensorException.noCuda("cuda:1", 1));
    all.put("noGradient", TensorException.noGradient(3, SHAPE));
    all.put("wrongSources", TensorException.wrongSources(2, Shape.of("source", 3)));
    all.put("noSuchMember", TensorException.noSuchMember(2, 2));
    Duration patience = Duration.ofSeconds(30);
    all.put(
        "nobodyCame", TensorException.nobodyCame(1, 2, patience, "run/meeting", "Wait timeout"));
    all.put("memberLost", TensorException.memberLost(0, 2, patience, "Connection closed by peer"));
    all.put(
        "notClosed", TensorException.notClosed("model.bin", new IllegalStateException("in use")));
    return all;
  }

  @Test
  void eachSaysWhatWhereAndHowToFixIt() {
    String expected =
        """
        An axis needs a name and a size of at least 0, but got '' and -1. Where: axis . To fix: name the axis and give its size.
        Two axes of one tensor have the same name. Where: [pos=7, pos=7]. To fix: rename one of them, for instance key_pos beside query_pos.
        There is no axis 'head'. Where: [pos=7, d_model=512]. To fix: use one of the axes it has.
        There is no dtype 'int8'. Where: --dtype. To fix: use float32, bfloat16, float16 or float64.
        resid has shape [pos=7, d_model=512], expected [pos=7, d_model=768]. Where: resid. To fix: check that it comes from the same model and the same run.
        2 numbers do not fill the shape [pos=7, d_model=512], which holds 3,584. Where: [pos=7, d_model=512]. To fix: give exactly as many numbers as the shape holds.
        20 bytes of native memory cannot hold [pos=7, d_model=512], which needs 14,336. Where: [pos=7, d_model=512]. To fix: give native memory of at least that size.
        One number was asked of a tensor that holds 3,584. Where: [pos=7, d_model=512]. To fix: select one element first.
        Axis 'pos' has size 7 in one tensor and 8 in the other. Where: [pos=7, d_model=512] and [pos=8]. To fix: bring both to the same size, or rename one of the axes.
        A product of float32 and bfloat16 is not defined. Where: [a=1] and [a=1]. To fix: convert one of them with to(DType).
        The axes [d_model, pos] do not stand side by side in that order. Where: [pos=7, d_model=512]. To fix: bring them together with order(..) first.
        [pos] does not name every axis once. Where: [pos=7, d_model=512]. To fix: name every axis once.
        Indices 6 to 7 of axis 'pos' do not exist. Where: [pos=7, d_model=512]. To fix: stay below 7.
        3,584 numbers cannot be seen as 3. Where: [pos=7, d_model=512] as [a=3]. To fix: check the sizes of the new axes.
        There is no device 'tpu'. Where: --device. To fix: use cpu, cuda or cuda:N.
        The device cuda:1 is not here: the engine sees 1 CUDA cards. Where: --device. To fix: use cpu, or build with ./mvnw -Pcuda on a machine with a CUDA card and driver.
        The loss does not depend on parameter 3, of shape [pos=7, d_model=512]. Where: gradients. To fix: leave out what the model does not use, or compute the loss from it.
        2 sources cannot be summed with weights for 3. Where: [source=3]. To fix: give one weight for each source along the axis 'source'.
        There is no member 2 of a group of 2. Where: rank. To fix: count the members from 0 to 1.
        Member 1 did not meet all 2 members within 30 s: Wait timeout. Where: run/meeting. To fix: start all members with the same new file, and see why one of them ended.
        Member 0 of 2 lost another one, or waited for longer than 30 s: Connection closed by peer. Where: the processes that train together. To fix: see why that process ended, then resume all of them from the last checkpoint.
        A resource could not be closed: in use. Where: model.bin. To fix: check the file it reads.
        """;
    assertThat(everyWayToFail().values().stream().map(TensorException::getMessage))
        .containsExactlyElementsOf(expected.lines().toList());
  }

  @Test
  void noWayToFailIsLeftOut() {
    assertThat(
            Arrays.stream(TensorException.class.getDeclaredMethods())
                .filter(method -> Modifier.isStatic(method.getModifiers()))
                .filter(method -> !method.isSynthetic())
                .map(Method::getName))
        .containsExactlyInAnyOrderElementsOf(everyWayToFail().keySet());
  }

  @Test
  void whatComesFromFilesCannotBreakTheLine() {
    assertThat(TensorException.unknownDevice("a\nb\u2028c\u001b[31m").getMessage())
        .startsWith("There is no device 'a\\u000ab\\u2028c\\u001b[31m'");
  }
}
