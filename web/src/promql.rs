//! The part of Prometheus' query language which this node answers: selectors, `rate`, `increase` and the `…_over_time`
//! functions, `sum`, `avg`, `min`, `max` and `count` with `by` or `without`, and arithmetic with numbers. Everything else
//! is refused by name.

use crate::question::{Arithmetic, Kept, Label, Matcher, Over, Selection, Stage, Test, Together, pattern};
use promql_parser::label::{MatchOp, Matcher as AskedMatcher};
use promql_parser::parser::{
    AggregateExpr, BinaryExpr, Call, Expr, LabelModifier, MatrixSelector, Offset, VectorSelector, parse,
};
use protocol::limits::QUERY_TEXT_BYTES_MAX;
use std::time::Duration;

/// How long a reading counts as the newest one.
const LOOKBACK_MS: i64 = 5 * 60 * 1000;
/// Expressions inside each other.
const DEPTH_MAX: usize = 32;
/// Widest window and farthest offset.
const SPAN_MS_MAX: i64 = 366 * 24 * 60 * 60 * 1000;

/// What a query comes to.
#[derive(Clone, Debug)]
pub(crate) enum Plan {
    Number(f64),
    Windows(Windows),
}

/// Windows over series, and what is done with them.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    pub(crate) selection: Selection,
    pub(crate) over: Over,
    pub(crate) width_ms: i64,
    pub(crate) offset_ms: i64,
    pub(crate) keeps_name: bool,
    pub(crate) stages: Vec<Stage>,
}

/// Reads a query; the error is a sentence for the one who wrote it.
pub(crate) fn plan(text: &str) -> Result<Plan, String> {
    of(&tree(text)?, 0)
}

/// Reads a selector such as `{site="S00"}`, as `match[]` has it.
pub(crate) fn selection(text: &str) -> Result<Selection, String> {
    if let Expr::VectorSelector(selector) = tree(text)? {
        return select(&selector);
    }
    Err(format!("expected a selector, found `{}`", shorten(text)))
}

/// The parser follows nesting with its stack, so that is bounded before.
fn tree(text: &str) -> Result<Expr, String> {
    if text.len() > QUERY_TEXT_BYTES_MAX {
        return Err(format!("expected at most {QUERY_TEXT_BYTES_MAX} bytes, found {}", text.len()));
    }
    let mut depth = 0usize;
    for byte in text.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(format!("expected at most {DEPTH_MAX} parentheses inside each other"));
        }
    }
    parse(text)
}

fn of(tree: &Expr, depth: usize) -> Result<Plan, String> {
    if depth > DEPTH_MAX {
        return Err(format!("expected at most {DEPTH_MAX} expressions inside each other"));
    }
    match tree {
        Expr::NumberLiteral(number) => Ok(Plan::Number(number.val)),
        Expr::Paren(paren) => of(&paren.expr, depth + 1),
        Expr::Unary(unary) => {
            Ok(arithmetic(Arithmetic::Times, Plan::Number(-1.0), of(&unary.expr, depth + 1)?)?)
        }
        Expr::Binary(binary) => calculation(binary, depth),
        Expr::Aggregate(aggregate) => together(aggregate, depth),
        Expr::Call(call) => function(call),
        Expr::VectorSelector(selector) => Ok(Plan::Windows(Windows {
            selection: select(selector)?,
            over: Over::Last,
            width_ms: LOOKBACK_MS,
            offset_ms: offset(selector)?,
            keeps_name: true,
            stages: Vec::new(),
        })),
        Expr::MatrixSelector(_) => Err("a range stands only inside a function such as rate()".to_owned()),
        Expr::Subquery(_) => Err(refused("subqueries")),
        Expr::StringLiteral(_) | Expr::Extension(_) => Err(refused("texts")),
    }
}

fn calculation(binary: &BinaryExpr, depth: usize) -> Result<Plan, String> {
    let sign = binary.op.to_string();
    let does = match sign.as_str() {
        "+" => Arithmetic::Plus,
        "-" => Arithmetic::Minus,
        "*" => Arithmetic::Times,
        "/" => Arithmetic::Over,
        "%" => Arithmetic::Modulo,
        "^" => Arithmetic::Power,
        other => return Err(refused(&format!("the operator {other}"))),
    };
    arithmetic(does, of(&binary.lhs, depth + 1)?, of(&binary.rhs, depth + 1)?)
}

fn arithmetic(does: Arithmetic, left: Plan, right: Plan) -> Result<Plan, String> {
    let (with, mut windows, number_is_left) = match (left, right) {
        (Plan::Number(left), Plan::Number(right)) => return Ok(Plan::Number(does.of(left, right))),
        (Plan::Number(left), Plan::Windows(windows)) => (left, windows, true),
        (Plan::Windows(windows), Plan::Number(right)) => (right, windows, false),
        (Plan::Windows(_), Plan::Windows(_)) => return Err(refused("arithmetic between two series")),
    };
    windows.stages.push(Stage::Arithmetic { with, does, number_is_left });
    windows.keeps_name = false;
    Ok(Plan::Windows(windows))
}

fn together(aggregate: &AggregateExpr, depth: usize) -> Result<Plan, String> {
    let name = aggregate.op.to_string();
    let does = match name.as_str() {
        "sum" => Together::Sum,
        "avg" => Together::Avg,
        "min" => Together::Min,
        "max" => Together::Max,
        "count" => Together::Count,
        other => return Err(refused(other)),
    };
    let Plan::Windows(mut windows) = of(&aggregate.expr, depth + 1)? else {
        return Err(format!("expected series in {name}(), found a number"));
    };
    windows.stages.push(Stage::Together { does, kept: kept(aggregate.modifier.as_ref()) });
    Ok(Plan::Windows(windows))
}

fn kept(modifier: Option<&LabelModifier>) -> Kept {
    let named = |names: &[String], keep: bool| {
        let has = |name: &str| names.iter().any(|known| known == name) == keep;
        // `without` always drops the name of the metric.
        Kept { metric: keep && has("__name__"), asset: has("asset"), site: has("site"), kind: has("kind") }
    };
    match modifier {
        None => Kept::default(),
        Some(LabelModifier::Include(labels)) => named(&labels.labels, true),
        Some(LabelModifier::Exclude(labels)) => named(&labels.labels, false),
    }
}

fn function(call: &Call) -> Result<Plan, String> {
    let over = match call.func.name {
        "rate" => Over::Rate,
        "increase" => Over::Increase,
        "avg_over_time" => Over::Avg,
        "min_over_time" => Over::Min,
        "max_over_time" => Over::Max,
        "sum_over_time" => Over::Sum,
        "count_over_time" => Over::Count,
        "last_over_time" => Over::Last,
        other => return Err(refused(&format!("{other}()"))),
    };
    let [argument] = call.args.args.as_slice() else {
        return Err(format!("expected one range in {}()", call.func.name));
    };
    let Expr::MatrixSelector(MatrixSelector { vs, range }) = argument.as_ref() else {
        return Err(refused(&format!("{}() of anything but a range of series", call.func.name)));
    };
    Ok(Plan::Windows(Windows {
        selection: select(vs)?,
        over,
        width_ms: span_ms(*range)?,
        offset_ms: offset(vs)?,
        keeps_name: over == Over::Last,
        stages: Vec::new(),
    }))
}

fn select(selector: &VectorSelector) -> Result<Selection, String> {
    if !selector.matchers.or_matchers.is_empty() {
        return Err(refused("`or` between matchers"));
    }
    let mut matchers: Vec<Matcher> =
        selector.name.iter().map(|name| Matcher::is(Label::Metric, name)).collect();
    for AskedMatcher { op, name, value } in &selector.matchers.matchers {
        let label = match name.as_str() {
            "__name__" => Label::Metric,
            "asset" => Label::Asset,
            "site" => Label::Site,
            "kind" => Label::Kind,
            _ => Label::Other,
        };
        let test = match op {
            MatchOp::Equal => Test::Is(value.clone()),
            MatchOp::NotEqual => Test::IsNot(value.clone()),
            MatchOp::Re(_) => Test::Fits(pattern(value)?),
            MatchOp::NotRe(_) => Test::FitsNot(pattern(value)?),
        };
        matchers.push(Matcher { label, test });
    }
    Ok(Selection(matchers))
}

fn offset(selector: &VectorSelector) -> Result<i64, String> {
    if selector.at.is_some() {
        return Err(refused("the modifier @"));
    }
    match &selector.offset {
        None => Ok(0),
        Some(Offset::Pos(span)) => span_ms(*span),
        Some(Offset::Neg(span)) => span_ms(*span).map(|ms| -ms),
    }
}

fn span_ms(span: Duration) -> Result<i64, String> {
    let ms = i64::try_from(span.as_millis()).ok().filter(|ms| (1..=SPAN_MS_MAX).contains(ms));
    ms.ok_or_else(|| "expected a duration of 1 ms to 366 d".to_owned())
}

fn refused(what: &str) -> String {
    format!(
        "{what}: not answered here; this node knows selectors, rate, increase, …_over_time, sum, avg, min, max, count, and \
         arithmetic with numbers"
    )
}

fn shorten(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(text: &str) -> Windows {
        match plan(text) {
            Ok(Plan::Windows(windows)) => windows,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn what_dashboards_ask_is_understood() {
        let plain = windows(r#"temp_out_air{site="S00", asset=~"S00-.*", kind!="METER"}"#);
        assert_eq!((plain.over, plain.width_ms, plain.keeps_name), (Over::Last, LOOKBACK_MS, true));
        assert!(
            plain.selection.passes(Label::Metric, "temp_out_air")
                && !plain.selection.passes(Label::Site, "S01")
        );
        assert!(
            !plain.selection.passes(Label::Asset, "X-S00-1") && plain.selection.passes(Label::Kind, "HVAC")
        );
        let summed = windows("sum by (site, kind) (rate(energy_kwh[1h] offset 1d)) * 3600 / 2");
        assert_eq!((summed.over, summed.width_ms, summed.offset_ms), (Over::Rate, 3_600_000, 86_400_000));
        let kept = Kept { metric: false, asset: false, site: true, kind: true };
        assert_eq!(summed.stages[0], Stage::Together { does: Together::Sum, kept });
        assert_eq!(summed.stages.len(), 3);
        let without = windows("max without (asset) (avg_over_time({__name__=~\"temp_.*\"}[15m]))");
        let kept = Kept { metric: false, asset: false, site: true, kind: true };
        assert_eq!(without.stages, [Stage::Together { does: Together::Max, kept }]);
        assert!(matches!(plan("1+1"), Ok(Plan::Number(2.0))), "Grafana's test of a data source");
        assert!(matches!(plan("-(2 ^ 3)"), Ok(Plan::Number(-8.0))));
    }

    #[test]
    fn the_rest_is_refused_by_name() {
        for (text, named) in [
            ("histogram_quantile(0.9, rate(a[5m]))", "histogram_quantile()"),
            ("topk(5, a)", "topk"),
            ("a / b", "between two series"),
            ("a > 5", "operator >"),
            ("a and b", "operator and"),
            ("rate(a[5m:1m])", "rate() of anything but"),
            ("a @ 1609746000", "modifier @"),
            ("a[5m]", "inside a function"),
            ("time()", "time()"),
            ("\"text\"", "texts"),
            ("a{b=~\"(\"}", ""),
            ("rate(a)", ""),
            ("sum(", ""),
            ("", ""),
        ] {
            let error = plan(text).expect_err(text);
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    /// On a small stack, as a hostile client would choose it.
    #[test]
    fn nesting_is_bounded() {
        let fill = |part: &str, end: &str| part.repeat(QUERY_TEXT_BYTES_MAX / part.len()) + end;
        let texts = [
            fill("(", ""),
            fill("-", ""),
            fill("1+", ""),
            fill("1^", ""),
            fill("a[", ""),
            fill("sum(", ""),
            fill("{", ""),
            "x".repeat(QUERY_TEXT_BYTES_MAX + 1),
            "-".repeat(QUERY_TEXT_BYTES_MAX - 1) + "1",
            "1+".repeat(QUERY_TEXT_BYTES_MAX / 2 - 1) + "1",
            "1^".repeat(QUERY_TEXT_BYTES_MAX / 2 - 1) + "1",
            "(".repeat(40) + "1" + &")".repeat(40),
        ];
        // What the parser folds by itself may pass: what matters is that it comes back.
        let run = move || texts.iter().map(|text| plan(text)).filter(Result::is_err).count();
        std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(run)
            .expect("a thread")
            .join()
            .expect("no overflow");
    }
}
