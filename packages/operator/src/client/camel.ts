type CamelKey<Key extends string> = Key extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<CamelKey<Rest>>}`
  : Key

/** A value of the API with its keys in camelCase; those under `labels` and `context` stay as they are. */
export type Camel<Value> = Value extends readonly (infer Item)[]
  ? Camel<Item>[]
  : Value extends object
    ? {
        [Key in keyof Value as Key extends string ? CamelKey<Key> : Key]: Key extends 'labels' | 'context'
          ? Value[Key]
          : Camel<Exclude<Value[Key], undefined>>
      }
    : Value
