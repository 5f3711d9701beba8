//! The law of co-ownership as a page has to choose from it: what may be decided, and with which majority.

use crate::list::Page;
use crate::routes::energy::NotHere;
use crate::view::{BridgeView, MatterView, RuleSetView};
use axum::Json;
use protocol::assembly::{Matter, RuleId, RuleSet};

/// What each law lets an assembly decide, with the article behind each majority.
#[utoipa::path(
    get, path = "/api/v1/laws", tag = "assemblies",
    responses((status = 200, description = "The same on every node of this version", body = Page<RuleSetView>), NotHere)
)]
pub(crate) async fn list() -> Json<Page<RuleSetView>> {
    let items = RuleSet::ALL.into_iter().map(rule_set).collect();
    Json(Page { items, next: None })
}

fn rule_set(law: RuleSet) -> RuleSetView {
    let known = Matter::ALL.into_iter().filter_map(|matter| Some((matter, law.majority(matter)?)));
    let matters = known.map(|(matter, rule)| MatterView {
        matter: matter.name().to_owned(),
        rule: rule.name().to_owned(),
        article: rule.rule().article.to_owned(),
        unsure: rule.rule().certainty.is_unsure(),
        bridge: bridge(law, rule),
    });
    RuleSetView { law: law.name().to_owned(), matters: matters.collect() }
}

fn bridge(law: RuleSet, missed: RuleId) -> Option<BridgeView> {
    let bridge = law.bridge(missed)?;
    let when = bridge.when.rule();
    Some(BridgeView {
        when: bridge.when.name().to_owned(),
        article: when.article.to_owned(),
        unsure: when.certainty.is_unsure(),
        rule: bridge.to.name().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matter_comes_with_its_article_and_the_bridges_with_their_doubt() {
        let [belgium, france] = RuleSet::ALL.map(rule_set);
        assert!(belgium.matters.iter().all(|one| !one.article.is_empty() && one.bridge.is_none()));
        let of = |name: &str| {
            france.matters.iter().find(|one| one.matter == name).and_then(|one| one.bridge.clone())
        };
        let (absolute, double) = (of("absolute-matter").expect("25-1"), of("double-matter").expect("26-1"));
        assert_eq!((absolute.rule.as_str(), absolute.unsure), ("fr-24", false));
        assert_eq!((double.rule.as_str(), double.unsure), ("fr-25", true));
        assert!(of("ordinary").is_none());
    }
}
