// Whatever comes in, by whichever dependency: no text can become a property of every object. `obj['__proto__']` is a name like
// any other from here on, what all objects inherit cannot be changed, and lists inherit nothing new.
delete Object.prototype.__proto__

// A frozen property could not be given to an object by assignment either (`wrapper.toString = …`), without an error in sloppy code.
for (const name of Object.getOwnPropertyNames(Object.prototype)) {
  const { value } = Object.getOwnPropertyDescriptor(Object.prototype, name)
  // oxlint-disable-next-line no-extend-native -- nothing is added: what is there becomes fixed
  Object.defineProperty(Object.prototype, name, {
    get: () => value,
    set(own) {
      if (this === Object.prototype) throw new TypeError(`Object.prototype.${name} is not changed here`)
      Object.defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true })
    },
  })
}
for (const shared of [Object.prototype, Object, Array]) Object.freeze(shared)
// frozen, it makes each use of a list half as dear again (V8); nothing can be added to it
Object.preventExtensions(Array.prototype)
