// Text that shrinks as text does, the same in every run.

/** Exactly `size` ASCII characters of lines of JSON, by a linear congruential generator. */
export function jsonLines(size) {
  let seed = 7;
  const below = (limit) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((seed / 0x80000000) * limit);
  };
  let text = '';
  for (let id = 0; text.length < size; id++)
    text += `${JSON.stringify({
      id,
      user: `user-${below(5000)}`,
      event: ['click', 'view', 'buy', 'login'][below(4)],
      at: 1_760_000_000_000 + id * 37,
      price: below(10_000) / 100,
      tags: ['a', 'b', 'c'].slice(0, below(4)),
      session: below(2 ** 31).toString(36),
    })}\n`;
  return text.slice(0, size);
}
