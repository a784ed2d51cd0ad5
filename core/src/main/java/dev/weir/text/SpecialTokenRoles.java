package dev.weir.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Which tokens begin and end a text.
///
/// @param bosTokens the beginning-of-sequence token, or none
/// @param eosInOrder the end-of-sequence tokens, the main one first
/// @param framing what is put around a text
record SpecialTokenRoles(List<Integer> bosTokens, List<Integer> eosInOrder, Framing framing) {

  SpecialTokenRoles {
    bosTokens = List.copyOf(bosTokens);
    eosInOrder = List.copyOf(new LinkedHashSet<>(eosInOrder));
  }

  OptionalInt bos() {
    return first(bosTokens);
  }

  OptionalInt eos() {
    return first(eosInOrder);
  }

  Set<Integer> eosTokens() {
    return Collections.unmodifiableSet(new LinkedHashSet<>(eosInOrder));
  }

  private static OptionalInt first(List<Integer> ids) {
    return ids.isEmpty() ? OptionalInt.empty() : OptionalInt.of(ids.getFirst());
  }

  /// Reads roles from the files beside a `tokenizer.json` as transformers' fast tokenizers do:
  ///
  /// 1. The names of BOS and EOS: `tokenizer_config.json`; `special_tokens_map.json` goes before it
  ///    only where `tokenizer_config.json` has no `added_tokens_decoder` (older folders). Where no
  ///    file names one, the id in `generation_config.json`, or else in `config.json`.
  /// 2. What goes in front: the template of `tokenizer.json`, except that Llama, CodeLlama and
  ///    Gemma classes build their own from `add_bos_token` and `add_eos_token` (true and false
  ///    where they are not said), and so does every other class where `add_bos_token` is said.
  ///    Without a BOS token the template stays.
  static SpecialTokenRoles read(TokenizerJson file, SideFiles side) {
    List<Integer> bos = new ArrayList<>();
    side.tokenName("bos_token").map(file.vocabulary()::id).ifPresent(id -> id.ifPresent(bos::add));
    if (bos.isEmpty() && !side.saysNone("bos_token")) {
      bos.addAll(known(file, side.ids("bos_token_id")));
    }
    List<Integer> eos = new ArrayList<>();
    side.tokenName("eos_token").map(file.vocabulary()::id).ifPresent(id -> id.ifPresent(eos::add));
    eos.addAll(known(file, side.ids("eos_token_id")));
    return new SpecialTokenRoles(bos, eos, framing(file, side, bos, eos));
  }

  private static Framing framing(
      TokenizerJson file, SideFiles side, List<Integer> bos, List<Integer> eos) {
    List<Integer> template = file.parts().prefix();
    List<Integer> first = firstOf(bos);
    if (side.rebuilds() == SideFiles.Rebuild.AS_TEMPLATE || first.isEmpty()) {
      List<Integer> onRequest = template.isEmpty() ? first : template;
      return new Framing(template, onRequest, file.parts().suffix(), why(file), file.source());
    }
    boolean add = side.rebuilds() == SideFiles.Rebuild.ADD;
    List<Integer> suffix = side.addsEos() ? firstOf(eos) : List.of();
    return new Framing(
        add ? first : List.of(), first, suffix, side.addBosReason(), "tokenizer_config.json");
  }

  private static String why(TokenizerJson file) {
    List<Integer> template = file.parts().prefix();
    if (template.isEmpty()) {
      return "The tokenizer's files put nothing in front.";
    }
    return "The template in tokenizer.json puts '%s' in front."
        .formatted(file.vocabulary().piece(template.getFirst()));
  }

  private static List<Integer> firstOf(List<Integer> ids) {
    return ids.isEmpty() ? List.of() : List.of(ids.getFirst());
  }

  private static List<Integer> known(TokenizerJson file, List<Integer> ids) {
    return ids.stream().filter(file.vocabulary()::contains).toList();
  }
}
