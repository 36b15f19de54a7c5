//! Charts as SVG. Scales, axes and grid are laid out by plotters; its backend here writes the elements, because the
//! page needs what plotters' own SVG backend does not write:
//!
//! - `<text>` with its own `direction`, isolated, so that the browser shapes and orders Arabic and mixed labels by the
//!   label's base direction and not by that of the page; the anchor turns with it;
//! - bars that are links to the claims that they count;
//! - classes in the place of colours, so that dark mode, print and a strict Content-Security-Policy work.
//!
//! On a page that runs right to left the charts are mirrored: bars grow to the left, time runs to the left.

use std::convert::Infallible;

use maud::{Markup, PreEscaped, html};
use plotters::chart::{ChartBuilder, LabelAreaPosition};
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Drawable, PointCollection};
use plotters::style::{RGBColor, TRANSPARENT};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::word::dir;
use crate::document::Direction;

/// Text and axes.
const INK: RGBColor = RGBColor(1, 1, 1);
/// The grid.
const GRID: RGBColor = RGBColor(2, 2, 2);

/// A bar.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Class that gives it its colour.
    pub class: &'static str,
    /// What it counts.
    pub count: usize,
    /// Number of the set of claims that it opens; `None` for nothing.
    pub set: Option<usize>,
    /// What it is, for its tooltip.
    pub title: String,
}

/// The bars of one row.
#[derive(Debug, Clone)]
pub struct Group {
    /// What the row is called.
    pub label: String,
    /// Its bars, one for each column of the table.
    pub bars: Vec<Bar>,
}

/// Writes what plotters draws as SVG elements.
struct Svg<'a> {
    out: &'a mut String,
    size: (u32, u32),
}

/// How a bar grows.
#[derive(Debug, Clone, Copy)]
enum Growth {
    Right,
    Left,
    Up,
}

impl Svg<'_> {
    fn add(&mut self, markup: Markup) {
        self.out.push_str(&markup.into_string());
    }

    /// Writes a text at a place; `left` and the like are sides of the picture, whatever the direction of the text.
    fn text(&mut self, text: &str, (x, y): BackendCoord, across: HPos, class: &str) {
        let direction = Direction::of(text);
        let anchor = match (across, direction) {
            (HPos::Center, _) => "middle",
            (HPos::Left, Direction::Ltr) | (HPos::Right, Direction::Rtl) => "start",
            (HPos::Right, Direction::Ltr) | (HPos::Left, Direction::Rtl) => "end",
        };
        self.add(html! {
            text x=(x) y=(y) class=(class) direction=(dir(direction)) unicode-bidi="isolate" text-anchor=(anchor) { (text) }
        });
    }

    fn bar(&mut self, bar: &Bar, [from, to]: [BackendCoord; 2], growth: Growth, numbered: bool) {
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        let (x, y, anchor) = match growth {
            Growth::Right => (right + 4, i32::midpoint(top, bottom) + 4, "start"),
            Growth::Left => (left - 4, i32::midpoint(top, bottom) + 4, "end"),
            Growth::Up => (i32::midpoint(left, right), top - 4, "middle"),
        };
        let drawn = html! {
            title { (bar.title) ": " (bar.count) }
            rect x=(left) y=(top) width=(right - left) height=(bottom - top) class={ "bar " (bar.class) } {}
            @if numbered && bar.count > 0 {
                text x=(x) y=(y) class="number" direction="ltr" text-anchor=(anchor) { (bar.count) }
            }
        };
        self.add(match bar.set {
            // The table beside the chart holds the same links for the keyboard.
            Some(set) => html! { a href="#claims" data-set=(set) tabindex="-1" { (drawn) } },
            None => html! { g { (drawn) } },
        });
    }
}

fn class(color: BackendColor) -> &'static str {
    if color.rgb == (GRID.0, GRID.1, GRID.2) { "grid" } else { "ink" }
}

fn visible(color: BackendColor) -> bool {
    color.alpha > 0.0
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        if visible(color) {
            self.add(html! { rect x=(x) y=(y) width="1" height="1" class=(class(color)) {} });
        }
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, _: bool) -> Drawn {
        if visible(style.color()) {
            let (width, height) = ((to.0 - from.0).abs(), (to.1 - from.1).abs());
            let (x, y) = (from.0.min(to.0), from.1.min(to.1));
            self.add(html! { rect x=(x) y=(y) width=(width) height=(height) class=(class(style.color())) {} });
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        if visible(style.color()) {
            let points: Vec<String> = path.into_iter().map(|(x, y)| format!("{x},{y}")).collect();
            self.add(html! { polyline points=(points.join(" ")) class=(class(style.color())) {} });
        }
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        if visible(style.color()) {
            let down = match style.anchor().v_pos {
                VPos::Top => 11,
                VPos::Center => 4,
                VPos::Bottom => -3,
            };
            self.text(text, (x, y + down), style.anchor().h_pos, "tick");
        }
        Ok(())
    }
}

/// A bar on its way to the backend: two corners in the chart's coordinates.
struct Placed<C> {
    corners: [C; 2],
    bar: Bar,
    growth: Growth,
    numbered: bool,
}

impl<'a, C: 'a> PointCollection<'a, C> for &'a Placed<C> {
    type Point = &'a C;
    type IntoIter = std::slice::Iter<'a, C>;

    fn point_iter(self) -> Self::IntoIter {
        self.corners.iter()
    }
}

impl<C> Drawable<Svg<'_>> for Placed<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut points: I, backend: &mut Svg<'_>, _: (u32, u32)) -> Drawn {
        if let (Some(from), Some(to)) = (points.next(), points.next()) {
            backend.bar(&self.bar, [from, to], self.growth, self.numbered);
        }
        Ok(())
    }
}

/// A label of a row on its way to the backend: a point on the axis and how far from it.
struct Tag<C> {
    at: [C; 1],
    away: BackendCoord,
    across: HPos,
    text: String,
}

impl<'a, C: 'a> PointCollection<'a, C> for &'a Tag<C> {
    type Point = &'a C;
    type IntoIter = std::slice::Iter<'a, C>;

    fn point_iter(self) -> Self::IntoIter {
        self.at.iter()
    }
}

impl<C> Drawable<Svg<'_>> for Tag<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(&self, mut points: I, backend: &mut Svg<'_>, _: (u32, u32)) -> Drawn {
        if let Some((x, y)) = points.next() {
            backend.text(&self.text, (x + self.away.0, y + self.away.1), self.across, "label");
        }
        Ok(())
    }
}

const WIDTH: u32 = 720;
/// Characters of a row's label in a chart; the table has all of it.
const LABEL: usize = 26;

fn shortened(label: &str) -> String {
    if label.chars().count() <= LABEL {
        return label.to_owned();
    }
    let cut: String = label.chars().take(LABEL - 1).collect();
    format!("{}…", cut.trim_end())
}

fn picture(size: (u32, u32), drawn: &str) -> Markup {
    html! {
        svg class="chart" viewBox={ "0 0 " (size.0) " " (size.1) } aria-hidden="true" {
            (PreEscaped(drawn))
        }
    }
}

/// Largest value of the axis: a little more than the largest count, so that its number has room.
fn reach(groups: &[Group]) -> i32 {
    let most = groups.iter().flat_map(|group| &group.bars).map(|bar| bar.count).max().unwrap_or_default();
    i32::try_from(most + most / 12 + 1).unwrap_or(i32::MAX)
}

fn drawn(result: &Result<(), DrawingAreaErrorKind<Infallible>>) {
    // Writing into memory cannot fail, and the layout leaves room for every area.
    debug_assert!(result.is_ok(), "{result:?}");
}

/// Bars beside each other, one group a row.
pub fn rows(groups: &[Group], direction: Direction) -> Markup {
    if groups.is_empty() {
        return html! {};
    }
    let columns = groups[0].bars.len().max(1) as u32;
    let height = groups.len() as u32 * (columns * 13 + 9) + 34;
    let mut out = String::new();
    drawn(&draw_rows(&mut out, (WIDTH, height), groups, direction));
    picture((WIDTH, height), &out)
}

fn draw_rows(
    out: &mut String,
    size: (u32, u32),
    groups: &[Group],
    direction: Direction,
) -> Result<(), DrawingAreaErrorKind<Infallible>> {
    let area = Svg { out, size }.into_drawing_area();
    let mirrored = direction == Direction::Rtl;
    let most = reach(groups);
    let (range, sign) = if mirrored { (-most..0, -1) } else { (0..most, 1) };
    let labels = if mirrored { LabelAreaPosition::Right } else { LabelAreaPosition::Left };
    let mut chart = ChartBuilder::on(&area)
        .margin_top(4)
        .margin_left(if mirrored { 40 } else { 0 })
        .margin_right(if mirrored { 0 } else { 40 })
        .set_label_area_size(labels, 190)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(range, groups.len() as f64..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_labels(6)
        .x_label_formatter(&|value: &i32| value.abs().to_string())
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 12, &INK))
        .draw()?;
    let mut bars = Vec::new();
    let mut tags = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let room = 0.86 / group.bars.len().max(1) as f64;
        for (at, bar) in group.bars.iter().enumerate() {
            let top = number as f64 + 0.07 + room * at as f64;
            let count = sign * i32::try_from(bar.count).unwrap_or(i32::MAX);
            bars.push(Placed {
                corners: [(0, top), (count, top + room * 0.92)],
                bar: bar.clone(),
                growth: if mirrored { Growth::Left } else { Growth::Right },
                numbered: true,
            });
        }
        tags.push(Tag {
            at: [(0, number as f64 + 0.5)],
            away: (if mirrored { 8 } else { -8 }, 4),
            across: if mirrored { HPos::Left } else { HPos::Right },
            text: shortened(&group.label),
        });
    }
    chart.draw_series(bars)?;
    chart.draw_series(tags)?;
    Ok(())
}

/// Columns beside each other, one group a stretch of time.
pub fn columns(groups: &[Group], direction: Direction) -> Markup {
    if groups.is_empty() {
        return html! {};
    }
    let size = (WIDTH, 240);
    let mut out = String::new();
    drawn(&draw_columns(&mut out, size, groups, direction));
    picture(size, &out)
}

fn draw_columns(
    out: &mut String,
    size: (u32, u32),
    groups: &[Group],
    direction: Direction,
) -> Result<(), DrawingAreaErrorKind<Infallible>> {
    let area = Svg { out, size }.into_drawing_area();
    let mirrored = direction == Direction::Rtl;
    let number = groups.len() as f64;
    let (range, sign) = if mirrored { (-number..0.0, -1.0) } else { (0.0..number, 1.0) };
    let labels = if mirrored { LabelAreaPosition::Right } else { LabelAreaPosition::Left };
    let mut chart = ChartBuilder::on(&area)
        .margin_top(18)
        .margin_left(if mirrored { 24 } else { 0 })
        .margin_right(if mirrored { 0 } else { 24 })
        .set_label_area_size(labels, 44)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(range, 0..reach(groups))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .y_labels(5)
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 12, &INK))
        .draw()?;
    // A label needs some 70 units of the width.
    let every = groups.len().div_ceil(9).max(1);
    let mut bars = Vec::new();
    let mut tags = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let room = 0.84 / group.bars.len().max(1) as f64;
        for (place, bar) in group.bars.iter().enumerate() {
            let start = at as f64 + 0.08 + room * place as f64;
            let count = i32::try_from(bar.count).unwrap_or(i32::MAX);
            bars.push(Placed {
                corners: [(sign * start, 0), (sign * (start + room * 0.94), count)],
                bar: bar.clone(),
                growth: Growth::Up,
                numbered: groups.len() <= 16,
            });
        }
        if at.is_multiple_of(every) {
            tags.push(Tag {
                at: [(sign * (at as f64 + 0.5), 0)],
                away: (0, 18),
                across: HPos::Center,
                text: group.label.clone(),
            });
        }
    }
    chart.draw_series(bars)?;
    chart.draw_series(tags)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(label: &str, counts: [usize; 2]) -> Group {
        let bar = |class, count| Bar { class, count, set: (count > 0).then_some(count), title: label.to_owned() };
        Group { label: label.to_owned(), bars: vec![bar("us", counts[0]), bar("cn", counts[1])] }
    }

    fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
        element.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default()
    }

    #[test]
    fn labels_carry_their_own_direction_and_are_escaped() {
        let svg = rows(&[group("وزارة التجارة (MOFCOM)", [3, 1]), group("<script>x</script>", [0, 2])], Direction::Ltr);
        let svg = svg.into_string();
        let texts: Vec<&str> = svg.split("<text").skip(1).filter_map(|text| text.split("</text>").next()).collect();
        let arabic = texts.iter().find(|text| text.contains("وزارة")).copied().unwrap_or_default();
        // At the left of the axis, its right end at the axis: where a text that runs to the left starts.
        assert_eq!((attribute(arabic, "direction"), attribute(arabic, "text-anchor")), ("rtl", "start"));
        assert!(svg.contains("&lt;script&gt;x&lt;/script&gt;") && !svg.contains("<script"));
    }

    #[test]
    fn bars_are_as_long_as_their_counts_and_mirror() {
        let groups = [group("a", [10, 5]), group("b", [0, 20])];
        for direction in [Direction::Ltr, Direction::Rtl] {
            let svg = rows(&groups, direction).into_string();
            let bars: Vec<(i32, i32)> = svg
                .split("<rect")
                .skip(1)
                .filter(|rect| rect.contains("class=\"bar "))
                .map(|rect| {
                    let number = |name| attribute(rect, name).parse().unwrap_or(-1);
                    (number("x"), number("width"))
                })
                .collect();
            assert_eq!(bars.len(), 4);
            let per_claim = f64::from(bars[3].1) / 20.0;
            for (bar, count) in bars.iter().zip([10.0, 5.0, 0.0, 20.0]) {
                assert!((f64::from(bar.1) - count * per_claim).abs() <= 1.5, "{bars:?}");
            }
            let edge = |bar: (i32, i32)| if direction == Direction::Ltr { bar.0 } else { bar.0 + bar.1 };
            assert!(bars.iter().all(|&bar| (edge(bar) - edge(bars[0])).abs() <= 1), "{bars:?}");
            // No count, no link.
            assert_eq!(svg.matches("<a href=\"#claims\"").count(), 3);
        }
    }

    #[test]
    fn columns_of_one_and_of_many_stretches() {
        for number in [1, 2, 16, 17, 120] {
            let groups: Vec<Group> = (0..number).map(|at| group(&format!("2025-{at:03}"), [at, 1])).collect();
            for direction in [Direction::Ltr, Direction::Rtl] {
                let svg = columns(&groups, direction).into_string();
                assert_eq!(svg.matches("class=\"bar ").count(), 2 * number);
                assert!(svg.matches("class=\"label\"").count() <= 10);
            }
        }
        assert!(columns(&[], Direction::Ltr).into_string().is_empty());
        assert!(rows(&[], Direction::Ltr).into_string().is_empty());
    }
}
