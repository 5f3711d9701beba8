//! Lists in pages: `?limit=&cursor=` in, `{"items","next"}` out. A cursor is the id of the last item seen.

use crate::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Items in one answer when the client does not say.
pub(crate) const LIMIT_DEFAULT: usize = 100;
/// Items in one answer at the most.
pub(crate) const LIMIT_MAX: usize = 1_000;

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Items wanted, 1 to 1,000; 100 when not given.
    pub(crate) limit: Option<usize>,
    /// `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Cursor of the next page; `null` at the end.
    pub next: Option<String>,
}

/// The wanted number of items.
pub(crate) fn limit(wanted: Option<usize>, default: usize, max: usize) -> Result<usize, Problem> {
    let limit = wanted.unwrap_or(default);
    if (1..=max).contains(&limit) {
        return Ok(limit);
    }
    Err(Problem::new(Kind::Invalid, format!("expected a limit of 1 to {max}, found {limit}")).field("limit"))
}

/// A page of items already in their order, cloned out of the picture.
pub(crate) fn page<'a, T: Clone + 'a>(
    items: impl Iterator<Item = &'a T>,
    id: impl Fn(&T) -> &str,
    paging: &Paging,
) -> Result<Page<T>, Problem> {
    let limit = limit(paging.limit, LIMIT_DEFAULT, LIMIT_MAX)?;
    let mut items = items.peekable();
    if let Some(cursor) = &paging.cursor
        && !items.any(|item| id(item) == cursor)
    {
        let detail = "the item this cursor stood at is gone; start again without it";
        return Err(Problem::new(Kind::Invalid, detail).field("cursor"));
    }
    let page: Vec<T> = items.by_ref().take(limit).cloned().collect();
    let next = items.peek().and(page.last()).map(|last| id(last).to_owned());
    Ok(Page { items: page, next })
}

/// A page out of items of which one more than `limit` was asked for.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(cursor) } else { None };
    Page { items, next }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(limit: usize) -> Vec<Vec<String>> {
        let all: Vec<String> = (0..5).map(|number| number.to_string()).collect();
        let mut paging = Paging { limit: Some(limit), cursor: None };
        let mut pages = Vec::new();
        loop {
            let page = page(all.iter(), |item| item, &paging).expect("a good cursor");
            pages.push(page.items);
            match page.next {
                Some(next) => paging.cursor = Some(next),
                None => return pages,
            }
        }
    }

    #[test]
    fn every_item_comes_once_and_the_last_page_says_so() {
        for limit in 1..=6 {
            let pages = pages(limit);
            assert_eq!(pages.concat(), ["0", "1", "2", "3", "4"]);
            assert_eq!(pages.len(), 5usize.div_ceil(limit), "no empty page at the end");
        }
    }

    #[test]
    fn bad_limits_and_cursors_are_named() {
        let none: [String; 0] = [];
        let field = |limit, cursor: Option<&str>| {
            let paging = Paging { limit, cursor: cursor.map(str::to_owned) };
            page(none.iter(), |item| item, &paging).map_err(|problem| problem.field)
        };
        assert_eq!(field(Some(0), None), Err(Some("limit".to_owned())));
        assert_eq!(field(Some(1_001), None), Err(Some("limit".to_owned())));
        assert_eq!(field(None, Some("7")), Err(Some("cursor".to_owned())));
        assert_eq!(field(None, None), Ok(Page { items: vec![], next: None }));
    }
}
