//! Reads where the parts of an item stand in JSON: the keys `items`, `id`, `title`, `link`, `date`, `text`, `author`, `tags`.

use super::table::Table;
use crate::source::{Paths, Place, Pointer};

const POINTER: &str = "a JSON pointer such as \"/data/posts\"; \"/*\" is every element, \"/**\" any depth";
const PLACE: &str = "a JSON pointer from the item on, such as \"/title\"; or a text with pointers in braces, such as \
                     \"https://example.org/posts/{/slug}\"; or a list of such, of which the first counts that is there";

/// The paths in a table; what is left out is empty. Mistakes are noted.
pub fn read_paths(table: &Table<'_, '_>) -> Paths {
    let places = |key| table.some_parsed(key, Place::read, PLACE);
    Paths {
        items: table.parsed("items", Pointer::read, POINTER).map(|found| found.value).unwrap_or_default(),
        id: places("id"),
        title: places("title"),
        link: places("link"),
        date: places("date"),
        text: places("text"),
        author: places("author"),
        tags: places("tags"),
    }
}
