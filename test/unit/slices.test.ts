import { expect, test } from "vitest";
import { confirmed, createSlices, isDurable, issue, lowWater, turnSlice } from "../../actors/runtime/slices.js";
import { limits } from "../../lib/limits.js";

const later = limits.sliceOpenMs + 1;

test("an intent may be left out only once this slice is known to hold it", () => {
  const slices = createSlices(1n, 0);
  const slice = issue(slices, "a");
  expect(isDurable(slices, "a")).toBe(false);
  confirmed(slices, slice, "a");
  expect(isDurable(slices, "a")).toBe(true);
});

test("a slice without a durable intent is never followed by another: slices are dense", () => {
  const slices = createSlices(1n, 0);
  issue(slices, "a");
  turnSlice(slices, later);
  expect(slices.present).toBe(0);
  confirmed(slices, 0, "a");
  turnSlice(slices, later);
  expect(slices.present).toBe(1);
  expect(isDurable(slices, "a")).toBe(false);
});

test("an intent confirmed after its slice closed stays in that slice", () => {
  const slices = createSlices(1n, 0);
  issue(slices, "a");
  const late = issue(slices, "b");
  confirmed(slices, 0, "a");
  turnSlice(slices, later);
  confirmed(slices, late, "b");
  expect(isDurable(slices, "b")).toBe(false);
});

test("the low-water stops at a slice that issued an intent, durable or not, of a conversation that is not clean", () => {
  const slices = createSlices(1n, 0);
  slices.recovered = true;
  issue(slices, "a");
  issue(slices, "b");
  slices.dirty.add("b");
  confirmed(slices, 0, "a");
  turnSlice(slices, later);
  expect(lowWater(slices)).toBe(0);
  slices.dirty.delete("b");
  expect(lowWater(slices)).toBe(1);
});

test("the low-water never passes the open slice", () => {
  const slices = createSlices(1n, 0);
  slices.recovered = true;
  issue(slices, "a");
  confirmed(slices, 0, "a");
  expect(lowWater(slices)).toBe(0);
});

test("the low-water does not enter this epoch before all of the earlier ones is clean", () => {
  const slices = createSlices(2n, 0);
  expect(lowWater(slices)).toBeUndefined();
  slices.recovered = true;
  slices.recovering.add("old");
  expect(lowWater(slices)).toBeUndefined();
  slices.recovering.delete("old");
  expect(lowWater(slices)).toBe(0);
});
