package dev.weir.costs;
import dev.weir.study.*;
import dev.weir.model.*;
import dev.weir.tensor.*;
import dev.weir.train.*;
import dev.weir.testing.*;
import java.util.*;
import org.junit.jupiter.api.Test;
class SpikeTest {
  @Test void spike() {
    Study s = Presets.of("fork", java.nio.file.Path.of("../models"));
    try (Transformer m0 = EveryModel.random(s.variants().get(0).model(s.model()).with(257, 32).spec(), DType.FLOAT32); Scope sc = Scope.open()) {
      Map<String,Tensor> p = new LinkedHashMap<>();
      TensorOwner owner = new TensorOwner();
      m0.parameters().tensors().forEach((k,v)->p.put(k, v.copy().asParameter()));
      Transformer m = Transformer.of(m0.spec(), new Parameters(p), owner, "x");
      Map<String,Integer> names = new TreeMap<>();
      for (int phase=0; phase<2; phase++) {
      }
      try (EngineCalls c = new EngineCalls((n, sh) -> names.merge(n, 1, Integer::sum))) {
        Tensor logits = m.logits(List.of(new int[32]), dev.weir.stream.Hooks.none());
        System.out.println("FORWARD " + names); names.clear();
        Tensor loss = logits.square().mean("batch","pos","d_vocab");
        names.clear();
        Gradients.orZero(loss, List.copyOf(m.parameters().tensors().values()));
        System.out.println("BACKWARD " + names);
      }
    }
  }
}
