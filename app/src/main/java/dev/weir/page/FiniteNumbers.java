package dev.weir.page;

import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JacksonModule;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/// JSON has no NaN and no infinity: they become `null`.
final class FiniteNumbers {

  private FiniteNumbers() {}

  static JacksonModule module() {
    return new SimpleModule("finite numbers")
        .addSerializer(Double.class, new One())
        .addSerializer(double.class, new One())
        .addSerializer(double[].class, new Many());
  }

  private static void write(double value, JsonGenerator generator) {
    if (Double.isFinite(value)) {
      generator.writeNumber(value);
    } else {
      generator.writeNull();
    }
  }

  private static final class One extends StdSerializer<Double> {
    private One() {
      super(Double.class);
    }

    @Override
    public void serialize(Double value, JsonGenerator generator, SerializationContext context) {
      write(value, generator);
    }
  }

  private static final class Many extends StdSerializer<double[]> {
    private Many() {
      super(double[].class);
    }

    @Override
    public void serialize(double[] values, JsonGenerator generator, SerializationContext context) {
      generator.writeStartArray();
      for (double value : values) {
        write(value, generator);
      }
      generator.writeEndArray();
    }
  }
}
