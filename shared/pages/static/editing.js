// Fields that somebody edits while the page is refreshed: what they touched stays, the rest follows what is saved.
const same = (one, two) => JSON.stringify(one) === JSON.stringify(two);

export function editing(fields) {
  const names = Object.keys(fields);
  let saved = null;
  const isTouched = (name) => saved !== null && !same(fields[name].read(), saved[name]);
  const changes = () => Object.fromEntries(names.filter(isTouched).map((name) => [name, fields[name].read()]));
  const write = (name) => same(fields[name].read(), saved[name]) || fields[name].write(saved[name]);
  return {
    changes,
    follow(values) {
      const untouched = names.filter((name) => !isTouched(name));
      saved = values;
      untouched.forEach(write);
    },
    take(values = saved) {
      saved = values;
      names.forEach(write);
    },
  };
}
