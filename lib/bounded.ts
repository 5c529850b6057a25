/** First in, first out, with a bound that whoever pushes must respect. Push and shift cost O(1). */
export class BoundedQueue<Item> {
  readonly max: number;
  #items: (Item | undefined)[] = [];
  #first = 0;

  constructor(max: number) {
    this.max = max;
  }

  get length(): number {
    return this.#items.length - this.#first;
  }

  /** False, and nothing is taken, when the queue is full. */
  push(item: Item): boolean {
    if (this.length >= this.max) return false;
    this.#items.push(item);
    return true;
  }

  shift(): Item | undefined {
    if (this.#first >= this.#items.length) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined;
    if (this.#first === this.#items.length) {
      this.#items = [];
      this.#first = 0;
    } else if (this.#first >= 1_024 && this.#first * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }
}
