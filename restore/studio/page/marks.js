// Points and regions over the picture.

const REACH = 12; // pixels around a point in which it is taken

/**
 * The mark at a place of the picture, a point before a region; undefined: there is none.
 * @param size width and height of the picture as it is shown, in pixels
 */
export function markAt(size, marks, { x, y }) {
  const isNear = (mark) => Math.hypot((mark.x - x) * size.width, (mark.y - y) * size.height) < REACH;
  return marks.find(isNear) ?? marks.find(({ outline }) => outline && isInside(outline, x, y));
}

/** Whether a place is inside of an outline: a line from there to the right crosses it an odd number of times. */
function isInside(outline, x, y) {
  return outline.filter((one, n) => {
    const other = outline.at(n - 1);
    return one.y > y !== other.y > y && x < one.x + ((y - one.y) / (other.y - one.y)) * (other.x - one.x);
  }).length % 2 === 1;
}

/**
 * @param box left, top, width and height of the picture, in the context's pixels
 * @param marks {x, y, colour, isChosen}, or {outline, colour, isChosen}; in shares of the picture
 * @param drawn corners of a region that is being drawn
 */
export function drawMarks(context, box, marks, drawn) {
  const stroke = (width, colour) => {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  const path = (outline, isClosed) => {
    context.beginPath();
    outline.forEach(({ x, y }) => context.lineTo(box.left + x * box.width, box.top + y * box.height));
    if (isClosed) context.closePath();
  };
  for (const { x, y, outline, colour, isChosen } of marks) {
    if (outline) {
      path(outline, true);
      stroke(isChosen ? 5 : 3.5, "#000");
      stroke(isChosen ? 3 : 2, colour);
    } else {
      context.beginPath();
      context.arc(box.left + x * box.width, box.top + y * box.height, isChosen ? 9 : 7, 0, 7);
      context.fillStyle = colour;
      context.fill();
      stroke(3.5, "#000");
      stroke(2, "#fff");
    }
  }
  if (drawn.length) {
    path(drawn, false);
    stroke(3.5, "#000");
    stroke(2, "#fff");
  }
}
